import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { pollUntil } from '../stack/polling.ts';
import { processesOf } from './left-processes.ts';

const LOOPS_PER_CORE = 2;
const BUSY_LOOP = fileURLToPath(new URL('./busy-loop.mjs', import.meta.url));

export interface Load {
  readonly pids: readonly number[];
  /** Ends the loops. @returns the commands of those that did not end */
  readonly stop: () => Promise<readonly string[]>;
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended with the one before it.
  }
}

/** Busy loops beside a test run, two per core, in processes of their own that end with this one, however it ends. */
export async function startLoad(loops = LOOPS_PER_CORE * availableParallelism()): Promise<Load> {
  const mark = mkdtempSync(path.join(tmpdir(), 'infinibay-load-'));
  const first = spawn(process.execPath, [BUSY_LOOP, String(process.pid), String(loops)], {
    stdio: 'ignore',
    // A group of their own: Ctrl-C is for us, and we end them when the summary is written.
    detached: true,
    env: { PATH: process.env['PATH'], TMPDIR: mark },
  });
  first.unref();
  const running = (): readonly { pid: number; command: string }[] => processesOf(mark);
  const pids = await pollUntil(
    () => {
      const found = running();
      return found.length === loops ? found.map(({ pid }) => pid) : undefined;
    },
    { timeoutMs: 60_000, what: 'the load' },
  );
  return {
    pids,
    stop: async () => {
      for (const { pid } of running()) end(pid);
      await pollUntil(() => (running().length === 0 ? true : undefined), {
        timeoutMs: 20_000,
        what: 'the end of the load',
      }).catch(() => undefined);
      const left = running().map(({ command }) => command);
      rmSync(mark, { recursive: true, force: true });
      return left;
    },
  };
}
