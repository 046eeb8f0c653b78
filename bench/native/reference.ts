import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { repositoryRoot } from '../../tools/stack/layout.ts';

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

  private constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  static inC(): Reference {
    return new Reference(compile('reference'), []);
  }

  /** Debian's python3-libvirt; undefined where it isn't installed. */
  static inPython(): Reference | undefined {
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import libvirt'], { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    return new Reference('/usr/bin/python3', [path.join(FOLDER, 'reference.py')]);
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
