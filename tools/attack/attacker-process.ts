/** One load in a process of its own, so that its work does not slow down whoever measures. Told what to do by its parent. */
import { ATTACKERS } from './attackers/registry.ts';
import type { LoadCounts } from './load.ts';
import { BEGUN, type Assignment } from './protocol.ts';

const LOOK_EVERY_MS = 50;

const counts: LoadCounts = { sent: 0, answered: 0, refused: 0 };
const stop = new AbortController();

/** Tells the parent when what the load needs is there and its first message is out. */
const tellBegin = (): void => {
  const timer = setInterval(() => {
    if (counts.sent === 0) return;
    clearInterval(timer);
    process.send?.(BEGUN);
  }, LOOK_EVERY_MS);
};

const work = async ({ attacker, load, context }: Assignment): Promise<void> => {
  await ATTACKERS[attacker](context)[load](stop.signal, counts);
  process.send?.(counts, () => process.exit(0));
};

process.once('message', (assignment: Assignment) => {
  process.once('message', () => {
    stop.abort();
  });
  tellBegin();
  work(assignment).catch((error: unknown) => {
    console.error(`attack: ${assignment.attacker} (${assignment.load}) failed:`, error);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(1));
