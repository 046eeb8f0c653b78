import { z } from 'zod';

/** Numbers from one to another; both are within. */
export interface CpuRange {
  readonly from: number;
  readonly to: number;
}

const SET = /^\d{1,4}(?:-\d{1,4})?(?:,\d{1,4}(?:-\d{1,4})?)*$/;

/** The ranges as they are written, in that order. */
const written = (set: string): CpuRange[] =>
  set.split(',').map((part) => {
    const [from = '', to = from] = part.split('-');
    return { from: Number(from), to: Number(to) };
  });

/** CPUs by their numbers, as libvirt and taskset write them: `0-3,8`. */
export const CpuSet = z
  .string()
  .max(512)
  .regex(SET, 'must be numbers of CPUs, such as 0-3,8')
  .refine((set) => written(set).every(({ from, to }) => from <= to), 'must have no range that ends before it begins');
export type CpuSet = z.infer<typeof CpuSet>;

/** The same numbers in as few ranges as there can be, in order. */
export const mergedRanges = (ranges: readonly CpuRange[]): CpuRange[] => {
  const merged: CpuRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to + 1) merged.push(range);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return merged;
};

/** @param set one that CpuSet takes */
export const rangesOf = (set: CpuSet): CpuRange[] => mergedRanges(written(set));

export const rangesOfNumbers = (cpus: readonly number[]): CpuRange[] =>
  mergedRanges(cpus.map((cpu) => ({ from: cpu, to: cpu })));

/** The one way to write these numbers: two sets that mean the same are the same text. */
export const cpuSetOf = (ranges: readonly CpuRange[]): CpuSet =>
  mergedRanges(ranges)
    .map(({ from, to }) => (from === to ? String(from) : `${String(from)}-${String(to)}`))
    .join(',');

/** @param ranges merged */
export const countOfCpus = (ranges: readonly CpuRange[]): number =>
  ranges.reduce((count, { from, to }) => count + to - from + 1, 0);

/** Whether all of the numbers are among the others. @param others merged */
export const areWithin = (ranges: readonly CpuRange[], others: readonly CpuRange[]): boolean =>
  ranges.every(({ from, to }) => others.some((other) => other.from <= from && to <= other.to));
