/**
 * npm run attack -- [--seconds 60] [--only member,anonymous,consumer,guest,socket]
 * Each kind of attacker does its worst on the real stack while another department works. Prints a table; ends with 1 when
 * a promise of docs/decisions/0018 was broken.
 */
import { parseArgs } from 'node:util';

import { ATTACKERS, ATTACKER_NAMES, isAttackerName, type AttackerName } from './attackers/registry.ts';
import { merge, runPhase, type Phase } from './phase.ts';
import { buildScene, type Scene } from './scene.ts';
import { comparisonTable, memoryTable } from './tables.ts';
import { judge, type Verdict } from './verdict.ts';
import { composeLimitsMib } from './watch.ts';

const DEFAULT_SECONDS = 60;
/** Harmless load and attack take turns, so that what else the machine does hits both. */
const ROUNDS = 3;

const say = (line: string): void => {
  console.log(`attack: ${line}`);
};

const chosen = (): { readonly names: readonly AttackerName[]; readonly seconds: number } => {
  const { values } = parseArgs({ options: { seconds: { type: 'string' }, only: { type: 'string' } } });
  const names = values.only?.split(',') ?? ATTACKER_NAMES;
  const seconds = Number(values.seconds ?? DEFAULT_SECONDS);
  if (!names.every(isAttackerName) || !(seconds > 0)) {
    console.error(`usage: npm run attack -- [--seconds 60] [--only ${ATTACKER_NAMES.join(',')}]`);
    process.exit(2);
  }
  return { names, seconds };
};

const attackOnce = async (scene: Scene, attacker: AttackerName, seconds: number): Promise<Verdict> => {
  const { system, victim, context } = scene;
  say(`${attacker}: ${ATTACKERS[attacker](context).description}`);
  const during = (load: 'harmless' | 'worst') =>
    runPhase(system, victim, { attacker, load, context }, seconds / ROUNDS);
  const rounds: { readonly harmless: Phase; readonly worst: Phase }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`${attacker}: round ${String(round)} of ${String(ROUNDS)}`);
    rounds.push({ harmless: await during('harmless'), worst: await during('worst') });
  }
  const harmless = merge(rounds.map((round) => round.harmless));
  const attack = merge(rounds.map((round) => round.worst));
  const { sent, answered, refused } = attack.load;
  say(`${attacker}: sent ${String(sent)}, served ${String(answered)}, refused ${String(refused)}`);
  const limits = composeLimitsMib();
  const verdict = judge(harmless, attack, limits);
  console.log(`${memoryTable(attack.health.peakMib, limits)}\n`);
  for (const promise of verdict.broken) say(`${attacker}: BROKEN: ${promise}`);
  return verdict;
};

const main = async (): Promise<boolean> => {
  const { names, seconds } = chosen();
  const scene = await buildScene(say);
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
  });
  const verdicts = new Map<AttackerName, Verdict>();
  try {
    for (const name of names) verdicts.set(name, await Promise.race([attackOnce(scene, name, seconds), interrupted]));
  } finally {
    await scene.system.stop();
  }
  console.log(`\n${comparisonTable(verdicts)}\n`);
  const broken = [...verdicts.values()].reduce((sum, verdict) => sum + verdict.broken.length, 0);
  say(broken === 0 ? 'every promise was kept' : `${String(broken)} promises were broken, see above`);
  return broken === 0;
};

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  console.error('attack failed:', error);
  process.exit(1);
}
