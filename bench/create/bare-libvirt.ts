import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import type { RunningSystem } from '../../tools/e2e/running-system.ts';
import { runCommand } from '../../tools/e2e/run-command.ts';
import { repositoryRoot } from '../../tools/stack/layout.ts';
import { WrongAnswer } from '../report/figure.ts';

const PYTHON = '/usr/bin/python3';
const PROGRAM = path.join(repositoryRoot, 'bench', 'create', 'bare.py');

export interface BareRun {
  readonly allMs: number;
  readonly eachMs: readonly number[];
}

/** A program that knows libvirt and nothing else, on the same daemon with the same definitions. */
export class BareLibvirt {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'infinibay-bare-'));
  private readonly system: RunningSystem;
  private readonly pattern: string;
  private readonly image: string;
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;
  private made = 0;

  private constructor(system: RunningSystem, pattern: string, image: string) {
    this.system = system;
    this.pattern = pattern;
    this.image = image;
    this.child = spawn(PYTHON, [PROGRAM, system.state.libvirtUri], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** @param vmId a VM whose definition the others have */
  static async like(system: RunningSystem, vmId: string): Promise<BareLibvirt> {
    await runCommand('apt-get', ['install', '-y', 'python3-libvirt'], 180_000).catch(() => undefined);
    const pattern = await system.virsh('dumpxml', '--inactive', vmId);
    const disk = /<source file='([^']+)'/.exec(pattern)?.[1] ?? '';
    const info = JSON.parse(await runCommand('qemu-img', ['info', '-U', '--output=json', disk])) as {
      readonly 'full-backing-filename'?: string;
    };
    const image = info['full-backing-filename'];
    if (image === undefined) throw new WrongAnswer('the disk of the VM is no linked clone');
    return new BareLibvirt(system, pattern, image);
  }

  /** Makes so many domains, by so many threads, and removes them. Disks are made before the clock starts. */
  async create(count: number, threads: number): Promise<BareRun> {
    const domains = await Promise.all(Array.from({ length: count }, () => this.prepare()));
    this.child.stdin.write(`${String(threads)} ${domains.map(({ file }) => file).join(' ')}\n`);
    const answer = await this.lines.next();
    if (answer.done === true) throw new WrongAnswer('the program with libvirt alone has ended');
    const [allMs = 0, ...eachMs] = answer.value.split(' ').map((text) => Number(text) / 1e6);
    const running = await this.system.virsh('list', '--uuid');
    for (const { uuid } of domains) {
      if (!running.includes(uuid)) throw new WrongAnswer(`the domain ${uuid} does not run`);
      await this.system.virsh('destroy', uuid);
      await this.system.virsh('undefine', uuid);
    }
    return { allMs, eachMs };
  }

  /** How long qemu-img takes for a linked clone of the same image, in milliseconds. */
  async qemuImgMs(): Promise<number> {
    const since = performance.now();
    await this.makeDisk(this.next('timed'));
    return performance.now() - since;
  }

  stop(): void {
    this.child.stdin.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private next(name: string): string {
    this.made += 1;
    return path.join(this.folder, `${name}-${String(this.made)}.qcow2`);
  }

  private async makeDisk(file: string): Promise<void> {
    await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', this.image, file]);
  }

  private async prepare(): Promise<{ readonly uuid: string; readonly file: string }> {
    const uuid = randomUUID();
    const disk = this.next('disk');
    await this.makeDisk(disk);
    const mac = ['52:54:00', ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
    const oldId = /<uuid>([^<]+)/.exec(this.pattern)?.[1] ?? '';
    // Everything that names the VM: its folder of sockets must be there as well.
    const xml = this.pattern
      .replace(/<source file='[^']+'/, `<source file='${disk}'`)
      .replace(/<mac address='[^']+'/g, `<mac address='${mac}'`)
      .replace(/<name>[^<]+/, `<name>bare-${uuid}`)
      .replace(/<uuid>[^<]+/, `<uuid>${uuid}`)
      .replace(/<source mode='bind' path='[^']+'/g, `<source mode='bind' path='${path.join(this.folder, uuid)}.sock'`)
      .replaceAll(`<log file='${oldId}`, `<log file='${uuid}`)
      .replace(/<log file='([^']+)'/g, `<log file='${path.join(this.folder, uuid)}.log'`);
    const file = path.join(this.folder, `${uuid}.xml`);
    writeFileSync(file, xml);
    return { uuid, file };
  }
}
