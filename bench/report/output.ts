import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { repositoryRoot } from '../../tools/stack/layout.ts';
import type { Figure } from './figure.ts';

const HEADER = ['id', 'value', 'unit', 'against', 'its value', 'ratio', 'goal', ''];

const shown = (value: number | null): string =>
  value === null ? '' : Number.isInteger(value) ? String(value) : value.toPrecision(4);

/** The figures as a table with aligned columns. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ id, value, unit, reference, referenceValue, ratio, goal, ok }) => [
    id,
    shown(value),
    unit,
    reference ?? '',
    shown(referenceValue),
    shown(ratio),
    goal ?? '',
    ok === null ? '' : ok ? 'ok' : 'MISSED',
  ]);
  const all = [HEADER, ...rows];
  const widths = HEADER.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Writes bench/out/<name>.json. @returns its path below the repository's root */
export function writeFigures(name: string, figures: readonly Figure[]): string {
  const file = path.join('bench', 'out', `${name}.json`);
  mkdirSync(path.join(repositoryRoot, 'bench', 'out'), { recursive: true });
  writeFileSync(path.join(repositoryRoot, file), `${JSON.stringify(figures, null, 2)}\n`);
  return file;
}
