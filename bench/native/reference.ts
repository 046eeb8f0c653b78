import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { runCommand } from '../../tools/stack/command.ts';
import { repositoryRoot } from '../../tools/stack/layout.ts';

const PYTHON = '/usr/bin/python3';
const FOLDER = path.join(repositoryRoot, 'bench', 'native');

/** Compiles a C program of this folder with the libvirt headers of this machine. @returns the program's path */
export function compile(name: string): string {
  const target = path.join(repositoryRoot, 'native', 'target', `bench-${name}`);
  mkdirSync(path.dirname(target), { recursive: true });
  execFileSync('gcc', ['-O2', '-Wall', '-Werror', '-o', target, path.join(FOLDER, `${name}.c`), '-lvirt', '-lpthread']);
  return target;
}

export type Mode = 'info' | 'xml' | 'state';

export interface Timed {
  /** Of one call. */
  readonly microseconds: number;
  /** What a wrong answer would change; comparable between programs. */
  readonly check: number;
}

export interface Run {
  readonly mode: Mode;
  readonly uri: string;
  readonly count: number;
  readonly threads: number;
}

/** A program that makes the calls in another language, kept running so that only calls are timed. */
export class Reference {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  private constructor(command: string, args: readonly string[], folder?: string) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  static inC(): Reference {
    return new Reference(compile('reference'), []);
  }

  /** Debian's python3-libvirt, installed when it isn't; undefined where it can't be. */
  static async inPython(): Promise<Reference | undefined> {
    const works = async (): Promise<boolean> => (await runCommand(PYTHON, ['-c', 'import libvirt'])).code === 0;
    if (!(await works())) await runCommand('apt-get', ['install', '-y', 'python3-libvirt'], { timeoutMs: 180_000 });
    return (await works()) ? new Reference(PYTHON, [path.join(FOLDER, 'reference.py')]) : undefined;
  }

  /** @unraid/libvirt, installed below bench/out; undefined where it doesn't build. */
  static async inUnraid(): Promise<Reference | undefined> {
    const folder = path.join(repositoryRoot, 'bench', 'out', 'unraid');
    if (!existsSync(path.join(folder, 'node_modules', '@unraid', 'libvirt', 'build', 'Release', 'libvirt.node'))) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
      const installed = await runCommand('npm', ['install', '--no-save', '@unraid/libvirt@2.2.1'], {
        timeoutMs: 300_000,
        workingDir: folder,
      });
      if (installed.code !== 0) return undefined;
    }
    return new Reference(process.execPath, [path.join(FOLDER, 'unraid.mjs')], folder);
  }

  async time({ mode, uri, count, threads }: Run): Promise<Timed> {
    this.child.stdin.write(`${mode} ${uri} ${count} ${threads}\n`);
    const answer = await this.lines.next();
    if (answer.done === true) throw new Error(`the reference program ended at ${mode} ${uri}`);
    const [nanoseconds, check] = answer.value.split(' ').map(Number);
    return { microseconds: (nanoseconds ?? Number.NaN) / 1_000 / count, check: check ?? Number.NaN };
  }

  end(): void {
    this.child.stdin.end();
  }
}
