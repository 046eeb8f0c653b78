/** One measured number, and what it is held against. Absent parts are null, so that every entry has every key. */
export interface Figure {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** What the value was measured against in the same run. */
  readonly reference: string | null;
  readonly referenceValue: number | null;
  /** value / referenceValue */
  readonly ratio: number | null;
  /** e.g. `<= 1.4`: of the ratio where there is one, else of the value. */
  readonly goal: string | null;
  /** Whether the goal is met; null without a goal. */
  readonly ok: boolean | null;
}

/** A wrong answer: however fast, the bench fails. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** A number without a goal. */
export const plainFigure = (id: string, value: number, unit: string): Figure => ({
  id,
  value,
  unit,
  reference: null,
  referenceValue: null,
  ratio: null,
  goal: null,
  ok: null,
});

/** A number with a goal of its own, e.g. `<= 10`. */
export const boundedFigure = (id: string, value: number, unit: string, goal: string): Figure => ({
  ...plainFigure(id, value, unit),
  goal,
  ok: meets(value, goal),
});

export interface Comparison {
  readonly value: number;
  readonly unit: string;
  readonly reference: string;
  readonly referenceValue: number;
  /** Of the ratio, e.g. `>= 0.9`; null when it is told for information. */
  readonly goal: string | null;
}

/** A number held against another one of the same run. */
export function ratioFigure(id: string, { value, unit, reference, referenceValue, goal }: Comparison): Figure {
  const ratio = value / referenceValue;
  return { id, value, unit, reference, referenceValue, ratio, goal, ok: goal === null ? null : meets(ratio, goal) };
}

function meets(value: number, goal: string): boolean {
  const [, operator, limit] = /^(<=|>=|=) ?([\d.]+)$/.exec(goal) ?? [];
  if (operator === undefined || limit === undefined) throw new Error(`not a goal: ${goal}`);
  if (operator === '<=') return value <= Number(limit);
  return operator === '>=' ? value >= Number(limit) : value === Number(limit);
}

/** The middle one; the mean of the two in the middle for an even number. */
export function median(values: readonly number[]): number {
  return (
    (quantile(values, 0.5) +
      -quantile(
        values.map((value) => -value),
        0.5,
      )) /
    2
  );
}

/** Nearest rank: the smallest value that at least `share` of all don't exceed. @throws RangeError without values */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (found === undefined) throw new RangeError('no values');
  return found;
}
