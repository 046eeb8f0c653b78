/** A figure of the tree and the bound that it must keep. */
export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** Which side of the limit is good. */
  readonly good: 'at most' | 'at least';
  /** What makes up the value, to find and mend it. */
  readonly details: readonly string[];
}

/** Goals that are missed today and the value that each has: it may only get better. */
export type Baseline = Readonly<Record<string, number>>;

const atLeastAsGood = ({ good }: Goal, value: number, bound: number): boolean =>
  good === 'at most' ? value <= bound : value >= bound;

export const isMet = (goal: Goal): boolean => atLeastAsGood(goal, goal.value, goal.limit);

/** What a change broke, or mended without saying so; empty when the tree is as good as the baseline. */
export function regressions(goals: readonly Goal[], baseline: Baseline): readonly string[] {
  const judged = goals.flatMap((goal) => {
    const known = baseline[goal.name];
    const value = `${goal.name}: ${String(goal.value)}`;
    if (isMet(goal)) return known === undefined ? [] : [`${value} meets the goal now: remove its entry`];
    if (known === undefined) return [`${value}, the goal is ${goal.good} ${String(goal.limit)}`];
    return atLeastAsGood(goal, goal.value, known) ? [] : [`${value} is worse than ${String(known)}, which it had`];
  });
  const unknown = Object.keys(baseline).filter((name) => !goals.some((goal) => goal.name === name));
  return [...judged, ...unknown.map((name) => `${name}: no goal has this name: remove its entry`)];
}
