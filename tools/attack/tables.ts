import type { Verdict } from './verdict.ts';

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
};

const milliseconds = (value: number): string => `${value.toFixed(0)} ms`;

/** One row per attacker and measure: medians and their ratio. */
export const comparisonTable = (verdicts: ReadonlyMap<string, Verdict>): string =>
  table([
    ['attacker', 'what others notice', 'harmless', 'attacked', 'ratio'],
    ...[...verdicts].flatMap(([name, { comparisons }]) =>
      comparisons.map(({ measure, harmlessMs, attackMs, ratio }) => [
        name,
        measure,
        milliseconds(harmlessMs),
        milliseconds(attackMs),
        ratio.toFixed(2),
      ]),
    ),
  ]);

/** The most memory that each service took, beside what it may take. */
export const memoryTable = (
  peakMib: Readonly<Record<string, number>>,
  limitsMib: Readonly<Record<string, number>>,
): string =>
  table([
    ['service', 'most memory', 'limit'],
    ...Object.entries(peakMib).map(([name, mib]) => [
      name,
      `${mib.toFixed(0)} MiB`,
      `${String(limitsMib[name] ?? '-')} MiB`,
    ]),
  ]);
