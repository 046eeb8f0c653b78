import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import type { StackLayout } from './layout.ts';
import { destroyNamespace, namespaceExists, namespaceProcesses } from './network-namespace.ts';
import { becomesTrue } from './polling.ts';
import { isAlive, signalProcess, type ProcessIdentity } from './process-identity.ts';

interface RecordedProcess extends ProcessIdentity {
  readonly name: string;
}

/** Processes that an earlier run recorded and that still live: same pid and same start time. */
export function recordedProcesses(runDir: string): RecordedProcess[] {
  if (!existsSync(runDir)) return [];
  return readdirSync(runDir)
    .filter((name) => name.endsWith('.pid.json'))
    .flatMap((file) => {
      try {
        const { pid, startTime, name } = JSON.parse(readFileSync(path.join(runDir, file), 'utf8')) as RecordedProcess;
        return isAlive({ pid, startTime }) ? [{ pid, startTime, name }] : [];
      } catch {
        return []; // torn by a crash while it was written
      }
    });
}

/** What should not exist while no stack runs, in words; empty when all is clean. */
export async function listLeftovers(layout: StackLayout): Promise<string[]> {
  const processes = recordedProcesses(layout.runDir).map(({ name, pid }) => `process ${name} (${String(pid)})`);
  const namespace = (await namespaceExists(layout.networkNamespace))
    ? [`network namespace ${layout.networkNamespace}`]
    : [];
  const guests =
    namespace.length === 0
      ? []
      : (await namespaceProcesses(layout.networkNamespace)).map((pid) => `process ${String(pid)} in it`);
  const sockets = existsSync(layout.socketDir) ? [`socket folder ${layout.socketDir}`] : [];
  return [...processes, ...namespace, ...guests, ...sockets];
}

/** Ends and removes what a killed run left behind; only what carries our records or our namespace's name. */
export async function removeLeftovers(layout: StackLayout): Promise<void> {
  const left = recordedProcesses(layout.runDir);
  for (const identity of left) {
    signalProcess(identity, 'SIGCONT');
    // PostgreSQL's "fast" stop; everything else ends on SIGTERM.
    signalProcess(identity, identity.name === 'postgres' ? 'SIGINT' : 'SIGTERM');
  }
  const gone = (): boolean => left.every((identity) => !isAlive(identity));
  if (!(await becomesTrue(gone, 10_000))) {
    for (const identity of left) signalProcess(identity, 'SIGKILL');
    await becomesTrue(gone, 5_000);
  }
  await destroyNamespace(layout.networkNamespace);
  rmSync(layout.socketDir, { recursive: true, force: true });
  if (existsSync(layout.runDir)) {
    for (const file of readdirSync(layout.runDir))
      if (file.endsWith('.pid.json')) rmSync(path.join(layout.runDir, file), { force: true });
  }
}
