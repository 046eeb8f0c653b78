import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { RunningSystem } from '../e2e/running-system.ts';
import { BEGUN, type Assignment } from './protocol.ts';
import type { LoadCounts } from './load.ts';
import type { Noticed, Victim } from './victim.ts';
import { ServiceWatch, type Health } from './watch.ts';

const PROGRAM = fileURLToPath(new URL('attacker-process.ts', import.meta.url));
const WARM_UP_MS = 2_000;

/** What one load did to the victim and to the services. */
export interface Phase {
  readonly noticed: Noticed;
  readonly health: Health;
  readonly load: LoadCounts;
}

interface RunningLoad {
  readonly child: ChildProcess;
  /** Its first message is out. */
  readonly begun: Promise<void>;
  readonly ended: Promise<LoadCounts>;
}

const startLoad = (assignment: Assignment): RunningLoad => {
  const child = fork(PROGRAM, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = new Promise<LoadCounts>((resolve, reject) => {
    child.on('message', (message: typeof BEGUN | LoadCounts) => {
      if (message === BEGUN) begin();
      else resolve(message);
    });
    child.once('exit', (code) => {
      reject(new Error(`the ${assignment.load} load of ${assignment.attacker} ended with ${String(code)}`));
    });
  });
  // Whoever awaits it later gets the reason; until then it is no unhandled one.
  ended.catch(() => undefined);
  child.send(assignment);
  return { child, begun, ended };
};

const stopLoad = async ({ child, ended }: RunningLoad): Promise<LoadCounts> => {
  if (child.connected) child.send('stop');
  const counts = await ended;
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return counts;
};

/** One load beside the victim's daily work. @param seconds how long the victim is watched */
export const runPhase = async (
  system: RunningSystem,
  victim: Victim,
  assignment: Assignment,
  seconds: number,
): Promise<Phase> => {
  const watch = await ServiceWatch.begin(system);
  const load = startLoad(assignment);
  try {
    await Promise.race([load.begun, load.ended]);
    await Promise.race([delay(WARM_UP_MS), load.ended]);
    await watch.countEventsFromHere();
    const noticed = await victim.work(seconds);
    const counts = await stopLoad(load);
    return { noticed, health: await watch.end(), load: counts };
  } finally {
    load.child.kill('SIGKILL');
  }
};

const mergedNoticed = (phases: readonly Phase[]): Noticed => ({
  query: phases.flatMap(({ noticed }) => noticed.query),
  login: phases.flatMap(({ noticed }) => noticed.login),
  createVm: phases.flatMap(({ noticed }) => noticed.createVm),
  event: phases.flatMap(({ noticed }) => noticed.event),
  failures: phases.flatMap(({ noticed }) => noticed.failures),
});

/** Several rounds of one load as one phase. */
export const merge = (phases: readonly Phase[]): Phase => {
  const peaks = new Map<string, number>();
  for (const { health } of phases)
    for (const [name, mib] of Object.entries(health.peakMib)) peaks.set(name, Math.max(mib, peaks.get(name) ?? 0));
  const sum = (of: (phase: Phase) => number): number => phases.reduce((total, phase) => total + of(phase), 0);
  return {
    noticed: mergedNoticed(phases),
    health: {
      peakMib: Object.fromEntries(peaks),
      died: [...new Set(phases.flatMap(({ health }) => health.died))],
      newEvents: sum(({ health }) => health.newEvents),
    },
    load: {
      sent: sum(({ load }) => load.sent),
      answered: sum(({ load }) => load.answered),
      refused: sum(({ load }) => load.refused),
    },
  };
};
