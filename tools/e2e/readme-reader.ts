import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { patience, pollUntil } from '@infinibay/testing';

import { repositoryRoot } from '../stack/layout.ts';

export interface Ended {
  readonly code: number | null;
  /** Both streams as they came. */
  readonly output: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<Ended>;
}

/** Somebody who types what README.md says, in the checkout, with a state folder of their own. */
export class ReadmeReader {
  private readonly home = mkdtempSync(path.join(tmpdir(), 'infinibay-readme-'));
  private readonly running = new Set<Running>();
  private system: Running | undefined;

  /** Runs a command line to its end. */
  async type(line: string, extra: Record<string, string> = {}): Promise<Ended> {
    const command = this.launch('sh', ['-c', line], repositoryRoot, extra);
    const timer = setTimeout(() => {
      command.child.kill('SIGTERM');
    }, patience(300_000));
    return command.ended.finally(() => {
      clearTimeout(timer);
    });
  }

  /** Leaves a start running in its own terminal. Returns when it has printed its addresses and the demo is done. */
  async start(line: string): Promise<void> {
    const system = this.launch('sh', ['-c', line], repositoryRoot);
    this.system = system;
    let code: number | null | undefined;
    void system.ended.then((ended) => (code = ended.code));
    await pollUntil(
      () => {
        if (code !== undefined) throw new Error(`${line} ended with ${String(code)}:\n${system.output()}`);
        if (system.output().includes('the demo ended with code')) throw new Error(system.output());
        return system.output().includes('the demo is done');
      },
      { timeoutMs: 420_000, intervalMs: 500, what: 'the demo' },
    ).catch((error: unknown) => {
      throw new Error(`${line}:\n${system.output()}`, { cause: error });
    });
  }

  /** The exit code of the start, once it has ended. */
  get startEnded(): Promise<Ended> {
    if (this.system === undefined) throw new Error('nothing was started');
    return this.system.ended;
  }

  /** What the start printed in the line of that name: `GraphQL`, `administrator`. */
  printed(name: string, what: RegExp): string {
    const line = this.system
      ?.output()
      .split('\n')
      .find((one) => one.startsWith(`  ${name} `));
    const value = what.exec(line ?? '')?.[0];
    if (value === undefined) throw new Error(`npm start printed no ${name}: ${line ?? 'no such line'}`);
    return value;
  }

  /** Where README.md has the usual address, the reader writes the one that the start printed. */
  withAddresses(text: string): string {
    return text
      .replaceAll('http://127.0.0.1:4000', this.printed('GraphQL', /http:\/\/[\d.:]+/u))
      .replaceAll('http://127.0.0.1:4001', this.printed('socket.io', /http:\/\/[\d.:]+/u));
  }

  /** The password of the user `consumer`, from where the start says that it is. */
  teamPassword(): string {
    const file = this.printed('NATS', /(?<=password in )\S+/u);
    const secrets = JSON.parse(readFileSync(file, 'utf8')) as { natsPasswords: Record<string, string> };
    return secrets.natsPasswords['consumer'] ?? '';
  }

  /**
   * Runs a snippet as a program of its own until it has said something that matches.
   * @param given values that the snippet takes for granted
   * @param meanwhile makes something happen that it can tell of; called until it does
   * @returns what it has said
   */
  async runSnippet(
    text: string,
    given: Record<string, string>,
    until: RegExp,
    meanwhile?: () => Promise<void>,
  ): Promise<string> {
    const folder = mkdtempSync(path.join(this.home, 'snippet-'));
    symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(folder, 'node_modules'));
    const constants = Object.entries(given).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
    writeFileSync(path.join(folder, 'snippet.mjs'), constants.join('') + text);
    const snippet = this.launch(process.execPath, ['snippet.mjs'], folder);
    let over = false;
    void snippet.ended.then(() => (over = true));
    try {
      return await pollUntil(
        async () => {
          if (until.test(snippet.output())) return snippet.output();
          if (over) throw new Error(`the snippet ended:\n${snippet.output()}`);
          await meanwhile?.();
          return undefined;
        },
        { timeoutMs: 60_000, intervalMs: 1_000, what: `${String(until)} of the snippet` },
      );
    } finally {
      snippet.child.kill('SIGKILL');
      await snippet.ended;
    }
  }

  /** Ends what still runs and removes everything. */
  async leave(): Promise<void> {
    if (this.system !== undefined && this.running.has(this.system)) await this.type('npm run stop');
    for (const { child } of this.running) child.kill('SIGTERM');
    await Promise.all([...this.running].map(({ ended }) => ended));
    rmSync(this.home, { recursive: true, force: true });
  }

  private launch(program: string, args: string[], cwd: string, extra: Record<string, string> = {}): Running {
    const stateDir = path.join(this.home, 'state');
    mkdirSync(stateDir, { recursive: true });
    // A stranger's shell knows nothing of ours.
    const own = Object.entries(process.env).filter(([name]) => !/^(?:INFINIBAY_|NODE_OPTIONS|JEST_|npm_)/u.test(name));
    const environment = { ...Object.fromEntries(own), INFINIBAY_STATE_DIR: stateDir, ...extra };
    const child = spawn(program, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.running.delete(running);
        resolve({ code, output });
      });
    });
    const running: Running = { child, output: () => output, ended };
    this.running.add(running);
    return running;
  }
}
