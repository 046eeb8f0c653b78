/** One load in a process of its own, so that its work does not slow down whoever measures. Told what to do by its parent. */
import { ATTACKERS, type AttackerName } from './attackers/registry.ts';
import type { AttackContext } from './context.ts';
import type { LoadCounts } from './load.ts';

export interface Assignment {
  readonly attacker: AttackerName;
  readonly load: 'harmless' | 'worst';
  readonly context: AttackContext;
}

const counts: LoadCounts = { sent: 0, answered: 0, refused: 0 };
const stop = new AbortController();

const work = async ({ attacker, load, context }: Assignment): Promise<void> => {
  await ATTACKERS[attacker](context)[load](stop.signal, counts);
  process.send?.(counts, () => process.exit(0));
};

process.once('message', (assignment: Assignment) => {
  process.once('message', () => {
    stop.abort();
  });
  work(assignment).catch((error: unknown) => {
    console.error(`attack: ${assignment.attacker} (${assignment.load}) failed:`, error);
    process.exit(1);
  });
});
process.once('disconnect', () => process.exit(1));
