import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';
import type { Outcome } from './run-row.ts';

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1_000).toFixed(1)} s`);

export const lineOf = ({ row, boundMs, convergedMs, cleanMs, broken }: Outcome): string =>
  [
    row.padEnd(62),
    `converged ${seconds(convergedMs).padStart(7)} of ${seconds(boundMs).padStart(6)}`,
    `clean ${seconds(cleanMs).padStart(7)}`,
    broken.length === 0 ? 'holds' : `BROKEN: ${broken.join('; ')}`,
  ].join('  ');

const LOGS = path.join('bench', 'out', 'faults-logs');

/** Logs of earlier runs are of no use. */
export const forgetLogs = (): void => {
  rmSync(path.join(repositoryRoot, LOGS), { recursive: true, force: true });
};

/** Keeps what everybody said until now. @returns its folder below the repository's root */
export const keepLogs = (logDir: string, number: number): string => {
  const folder = path.join(LOGS, String(number));
  cpSync(logDir, path.join(repositoryRoot, folder), { recursive: true });
  return folder;
};

/** Writes bench/out/faults.json. @returns its path below the repository's root */
export const writeOutcomes = (seed: number, outcomes: readonly Outcome[]): string => {
  const file = path.join('bench', 'out', 'faults.json');
  mkdirSync(path.join(repositoryRoot, 'bench', 'out'), { recursive: true });
  const report = { seed, at: new Date().toISOString(), cpus: cpus().length, rows: outcomes };
  writeFileSync(path.join(repositoryRoot, file), `${JSON.stringify(report, null, 2)}\n`);
  return file;
};
