import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';
import { errnoOf, StackError } from './stack-error.ts';

const lockFile = (runDir: string): string => path.join(runDir, 'stack.lock');

/** The process that runs a stack on this state folder, if one does. */
export function lockHolder(runDir: string): ProcessIdentity | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(lockFile(runDir), 'utf8'));
  } catch {
    return undefined; // none, or torn by a crash
  }
  if (typeof parsed !== 'object' || parsed === null || !('pid' in parsed) || !('startTime' in parsed)) return undefined;
  const { pid, startTime } = parsed;
  if (typeof pid !== 'number' || typeof startTime !== 'string') return undefined;
  return isAlive({ pid, startTime }) ? { pid, startTime } : undefined;
}

/** Makes this process the only one that runs a stack here; throws when another does. Returns what releases it. */
export function acquireLock(runDir: string): () => void {
  mkdirSync(runDir, { recursive: true });
  const holder = lockHolder(runDir);
  if (holder !== undefined)
    throw new StackError(
      `Infinibay already runs here (process ${String(holder.pid)}): see npm run status, or end it with npm run stop`,
    );
  rmSync(lockFile(runDir), { force: true });
  try {
    writeFileSync(lockFile(runDir), JSON.stringify(identityOf(process.pid)), { flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST')
      throw new StackError('Infinibay is being started here by another process', { cause: error });
    throw error;
  }
  return () => {
    rmSync(lockFile(runDir), { force: true });
  };
}
