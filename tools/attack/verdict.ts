import type { Phase } from './phase.ts';
import type { Noticed } from './victim.ts';

/** Others notice an attack at most this much more than a harmless load of the same size. */
export const MAX_RATIO = 3;
/** Events beside those of the victim's own work, for a service that restarts or a host that reports. */
const SPARE_EVENTS = 200;

export type Measure = 'query' | 'login' | 'createVm' | 'event';
const MEASURES: readonly Measure[] = ['query', 'login', 'createVm', 'event'];

export interface Comparison {
  readonly measure: Measure;
  readonly harmlessMs: number;
  readonly attackMs: number;
  readonly ratio: number;
}

export interface Verdict {
  readonly comparisons: readonly Comparison[];
  /** Each broken promise in one sentence; empty when all were kept. */
  readonly broken: readonly string[];
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

const compare = (measure: Measure, harmless: Noticed, attack: Noticed): Comparison => {
  const harmlessMs = median(harmless[measure]);
  const attackMs = median(attack[measure]);
  return { measure, harmlessMs, attackMs, ratio: attackMs / harmlessMs };
};

/** Equal texts once, with how often they came. */
const counted = (texts: readonly string[]): string[] =>
  [...Map.groupBy(texts, (text) => text)].map(([text, same]) =>
    same.length === 1 ? text : `${text} (${String(same.length)} times)`,
  );

/** What does not depend on how fast the machine is: whose requests failed, who died, whose memory or stream grew. */
export const brokenPromises = (
  harmless: Phase,
  attack: Phase,
  limitsMib: Readonly<Record<string, number>>,
): string[] => {
  const { died, peakMib, newEvents } = attack.health;
  const tooLarge = Object.entries(peakMib).filter(([name, mib]) => !(mib <= (limitsMib[name] ?? 0)));
  const mostEvents = SPARE_EVENTS + 3 * Math.max(harmless.health.newEvents, 0);
  return [
    ...counted(attack.noticed.failures).map((failure) => `the other department's ${failure}`),
    ...(attack.noticed.query.length === 0 ? ["no query of the other department's was answered"] : []),
    ...(attack.noticed.createVm.length === 0 ? ['no VM of the other department came to run'] : []),
    ...died.map((name) => `${name} did not survive`),
    ...tooLarge.map(
      ([name, mib]) => `${name} took ${mib.toFixed(0)} MiB; its limit is ${String(limitsMib[name] ?? 'not set')} MiB`,
    ),
    ...(newEvents > mostEvents ? [`the stream of events grew by ${String(newEvents)} messages`] : []),
  ];
};

/** @param limitsMib the most memory that each service may take */
export const judge = (harmless: Phase, attack: Phase, limitsMib: Readonly<Record<string, number>>): Verdict => {
  const comparisons = MEASURES.map((measure) => compare(measure, harmless.noticed, attack.noticed));
  const slow = comparisons
    .filter(({ ratio }) => !(ratio <= MAX_RATIO))
    .map(({ measure, ratio }) => `${measure} took ${ratio.toFixed(1)} times as long as beside the harmless load`);
  return { comparisons, broken: [...brokenPromises(harmless, attack, limitsMib), ...slow] };
};
