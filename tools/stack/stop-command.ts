import type { StackLayout } from './layout.ts';
import { listLeftovers, removeLeftovers } from './leftovers.ts';
import { becomesTrue } from './polling.ts';
import { isAlive, signalProcess } from './process-identity.ts';
import { StackError } from './stack-error.ts';
import { lockHolder } from './stack-lock.ts';
import { checkStateFolder, removeStateFolder } from './state-folder.ts';

const STOP_TIMEOUT_MS = 60_000;

/** Ends the running stack, or what a killed one left behind. Returns when nothing of it is left. */
export async function stopCommand(layout: StackLayout): Promise<void> {
  checkStateFolder(layout.stateDir);
  const holder = lockHolder(layout.runDir);
  if (holder !== undefined) {
    signalProcess(holder, 'SIGTERM');
    if (!(await becomesTrue(() => !isAlive(holder), STOP_TIMEOUT_MS, 100))) {
      console.log('infinibay: it does not stop by itself, ending it by force');
      signalProcess(holder, 'SIGKILL');
      await becomesTrue(() => !isAlive(holder), 5_000);
    }
  }
  const left = await listLeftovers(layout);
  await removeLeftovers(layout);
  console.log(holder === undefined && left.length === 0 ? 'infinibay: was not running' : 'infinibay: stopped');
  const still = await listLeftovers(layout);
  if (still.length > 0) throw new StackError(`can't be removed: ${still.join(', ')}`);
}

/** Stops and removes all state: database, events, disks, images, secrets, logs. Downloads and builds stay. */
export async function resetCommand(layout: StackLayout): Promise<void> {
  await stopCommand(layout);
  removeStateFolder(layout.stateDir);
  console.log(`infinibay: removed ${layout.stateDir}`);
}
