import { isMet, type Goal } from './goals.ts';
import type { Report } from './report.ts';

/** Columns as wide as their widest cell; the first one left, the others right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

const sign = ({ good }: Goal): string => (good === 'at most' ? '<=' : '>=');

/** The sizes, each goal with its value, and what makes up those that are missed. */
export function tableOf({ sizes, goals }: Report): string {
  const sizeRows = Object.entries(sizes).map(([name, { count, median, p95, longest }]) => [
    name,
    ...[count, median, p95, longest.lines].map(String),
  ]);
  const goalRows = goals.map((goal) => [
    goal.name,
    String(goal.value),
    `${sign(goal)} ${String(goal.limit)}`,
    isMet(goal) ? 'met' : 'MISSED',
  ]);
  const missed = goals.filter((goal) => !isMet(goal));
  const details = missed
    .filter((goal) => goal.details.length > 0)
    .map(({ name, details: lines }) => `\n${name}:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  return [
    columns([['sizes', 'count', 'median', 'p95', 'max'], ...sizeRows]),
    '\n',
    columns([['goal', 'is', 'should be', ''], ...goalRows]),
    ...details,
    missed.length === 0 ? '\nevery goal is met\n' : `\nmissed: ${missed.map(({ name }) => name).join('; ')}\n`,
  ].join('');
}
