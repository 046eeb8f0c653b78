import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { patience } from '@infinibay/testing';
import { runCommand } from './run-command.ts';
import { fleetLayout } from '../stack/fleet.ts';
import { layoutOf, repositoryRoot, type StackLayout } from '../stack/layout.ts';

const START_TIMEOUT_MS = patience(180_000);
const MAIN = path.join(repositoryRoot, 'tools/stack/main.ts');

interface StackState {
  readonly hypervisor: { readonly kind: string };
  readonly libvirtUri: string;
  readonly networkNamespace: string;
  readonly ports: Readonly<Record<string, number>>;
}

/** The whole system, started by the operator's command in a state folder of its own, seen only from outside. */
export class RunningSystem {
  readonly layout: StackLayout;
  readonly adminPassword: string;
  readonly state: StackState;
  private readonly child: ChildProcess;
  private readonly said: Said;

  private constructor(layout: StackLayout, child: ChildProcess, said: Said) {
    this.layout = layout;
    this.child = child;
    this.said = said;
    this.adminPassword = /with the password (\S+)/.exec(said.text)?.[1] ?? '';
    this.state = JSON.parse(readFileSync(path.join(layout.runDir, 'stack.json'), 'utf8')) as StackState;
  }

  static start(environment: Record<string, string> = {}): Promise<RunningSystem> {
    const layout = layoutOf(mkdtempSync(path.join(tmpdir(), 'infinibay-e2e-')));
    return RunningSystem.launch(layout, layout, ['--no-demo'], environment);
  }

  /** So many VMs on simulated hosts. @param stateDir of an earlier start; another one when left out */
  static startFleet(
    vms: number,
    stateDir = mkdtempSync(path.join(tmpdir(), 'infinibay-e2e-')),
  ): Promise<RunningSystem> {
    const layout = layoutOf(stateDir);
    return RunningSystem.launch(layout, fleetLayout(layout), ['--fleet', String(vms)], {});
  }

  private static async launch(
    asked: StackLayout,
    layout: StackLayout,
    args: readonly string[],
    environment: Record<string, string>,
  ): Promise<RunningSystem> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'start', ...args], {
      env: { ...process.env, ...environment, INFINIBAY_STATE_DIR: asked.stateDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      return new RunningSystem(layout, child, await untilReady(child));
    } catch (error) {
      child.kill('SIGTERM');
      throw error;
    }
  }

  get graphqlUrl(): string {
    return `http://127.0.0.1:${String(this.state.ports['gateway'])}/graphql`;
  }

  /** All that the command has printed so far. */
  get output(): string {
    return this.said.text;
  }

  get realtimeUrl(): string {
    return `http://127.0.0.1:${String(this.state.ports['realtime'])}`;
  }

  /** virsh, as the operator has it: through the socket, knowing nothing of our services. */
  virsh(...args: string[]): Promise<string> {
    return runCommand('virsh', ['-c', this.state.libvirtUri, ...args]);
  }

  /** A command in the guests' network. */
  inNetwork(command: string, ...args: string[]): Promise<string> {
    return runCommand('ip', ['netns', 'exec', this.layout.networkNamespace, command, ...args]);
  }

  /** Files of disks; the mark of the storage is none. */
  disks(): string[] {
    return readdirSync(this.layout.diskDir).filter((name) => name.endsWith('.qcow2'));
  }

  /** What cloud-init is shown in a VM, as bytes of a CD-ROM; null: nothing. */
  seedOf(vmId: string): string | null {
    const name = `seed-${vmId}.iso`;
    const { diskDir } = this.layout;
    return readdirSync(diskDir).includes(name) ? readFileSync(path.join(diskDir, name), 'latin1') : null;
  }

  log(service: string): string {
    return readFileSync(path.join(this.layout.logDir, `${service}.log`), 'utf8');
  }

  /** The process of a service right now. */
  async pidOf(service: string): Promise<number> {
    const entry = `apps/${service}/dist/main.js`;
    const listing = await runCommand('ps', ['-eo', 'pid=,ppid=,args=']);
    const line = listing
      .split('\n')
      .find((text) => text.includes(entry) && Number(text.trim().split(/\s+/)[1]) === this.child.pid);
    if (line === undefined) throw new Error(`${service} does not run`);
    return Number(line.trim().split(/\s+/)[0]);
  }

  /** Ctrl-C, unless it has ended before; nothing of it stays. @returns the exit code of the command */
  async stop(): Promise<number | null> {
    const code = await this.interrupt();
    rmSync(this.layout.stateDir, { recursive: true, force: true });
    return code;
  }

  /** Ctrl-C; its state stays for another start. @returns the exit code of the command */
  async interrupt(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGINT');
      await ended;
    }
    return this.child.exitCode;
  }
}

/** What a command has printed; grows while it runs. */
interface Said {
  text: string;
}

const untilReady = (child: ChildProcess): Promise<Said> =>
  new Promise((resolve, reject) => {
    const said: Said = { text: '' };
    const timer = setTimeout(() => {
      reject(new Error(`the system was not ready within ${String(START_TIMEOUT_MS / 1_000)} s:\n${said.text}`));
    }, START_TIMEOUT_MS);
    const collect = (chunk: Buffer): void => {
      said.text += chunk.toString();
      if (!/^ {2}gateway .*health/m.test(said.text)) return;
      clearTimeout(timer);
      resolve(said);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`npm start ended with ${String(code)}:\n${said.text}`));
    });
  });
