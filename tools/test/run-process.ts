import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';

import { repositoryRoot } from '../stack/layout.ts';

export interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** The step's own limit holds as well: see {@link withinLimit}. */
  readonly timeoutMs?: number;
  /** Shows the output while it comes instead of collecting it. */
  readonly show?: boolean;
  /** Ends the process early when it resolves; the reason is given in the outcome. */
  readonly abandonWhen?: (signal: AbortSignal) => Promise<string>;
}

export interface ProcessOutcome {
  /** null when a signal ended it. */
  readonly code: number | null;
  /** stdout and stderr as they came; empty when shown. */
  readonly output: string;
  /** Why we ended it ourselves. */
  readonly abandoned: string | undefined;
}

const running = new Set<number>();
let interrupted = false;
/** Steps run side by side: each has its own end. */
const endsAt = new AsyncLocalStorage<number>();
/** setTimeout knows no longer one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What `work` starts is ended when this time is over. */
export function withinLimit<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  return endsAt.run(performance.now() + limitMs, work);
}

/** Ends what runs, with all of its children, and lets nothing further begin. */
export function interrupt(): void {
  interrupted = true;
  for (const pid of running) endGroup(pid);
}

export const wasInterrupted = (): boolean => interrupted;

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has gone meanwhile.
  }
}

/** Runs a program in the repository's root to its end, as leader of a process group, so that nothing of it stays behind. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessOutcome> {
  if (interrupted) return { code: null, output: '', abandoned: 'interrupted' };
  const child = spawn(command, [...args], {
    cwd: repositoryRoot,
    env: { ...process.env, ...options.environment },
    detached: true,
    stdio: ['ignore', options.show === true ? 'inherit' : 'pipe', options.show === true ? 'inherit' : 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const pid = child.pid;
  if (pid !== undefined) running.add(pid);
  const watching = new AbortController();
  let abandoned: string | undefined;
  const abandon = (reason: string): void => {
    abandoned ??= reason;
    if (pid !== undefined) endGroup(pid);
  };
  const leftMs = Math.max(0, (endsAt.getStore() ?? Number.POSITIVE_INFINITY) - performance.now());
  const timeoutMs = Math.min(options.timeoutMs ?? LONGEST_TIMER_MS, leftMs, LONGEST_TIMER_MS);
  const timer = setTimeout(() => {
    abandon(`gave up after ${String(Math.round(timeoutMs / 1000))} s`);
  }, timeoutMs);
  options.abandonWhen?.(watching.signal).then(abandon, () => undefined);
  try {
    const code = await new Promise<number | null>((resolve) => {
      child.once('error', (error) => {
        output += error.message;
        resolve(127);
      });
      child.once('close', resolve);
    });
    return { code, output, abandoned };
  } finally {
    clearTimeout(timer);
    watching.abort();
    if (pid !== undefined) {
      running.delete(pid);
      endGroup(pid);
    }
  }
}
