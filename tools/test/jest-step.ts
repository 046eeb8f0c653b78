import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { add, ONE_FAILED, parseJestCounts, type Counts } from './counts.ts';
import { endProcessesOf } from './left-processes.ts';
import { runProcess, type ProcessOutcome } from './run-process.ts';

export type JestProject = 'unit' | 'integration' | 'e2e';

export interface JestOptions {
  /** As on jest's command line: paths, -t, ... */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A run that has reported but doesn't end is held by something a test left open. */
const LINGER_MS = 15_000;

/** Specs of one kind that share servers take turns: they use the same streams and consumer names. */
const WORKERS: Record<JestProject, string> = { unit: '2', integration: '1', e2e: '1' };

async function lingering(reportFile: string, signal: AbortSignal): Promise<string> {
  while (!existsSync(reportFile)) await delay(250, undefined, { signal });
  await delay(LINGER_MS, undefined, { signal });
  return `jest did not end within ${String(LINGER_MS / 1000)} s after its last test: a test left something open`;
}

/** For one test or hook; jest reads no such setting from a project. */
const TIMEOUT_MS: Record<JestProject, string> = { unit: '20000', integration: '90000', e2e: '600000' };

function countsOf(outcome: ProcessOutcome, reportFile: string): Counts {
  const counts = existsSync(reportFile) ? parseJestCounts(readFileSync(reportFile, 'utf8')) : undefined;
  if (counts === undefined) return ONE_FAILED;
  const crashed = outcome.abandoned !== undefined || (outcome.code !== 0 && counts.failed === 0);
  return crashed ? add(counts, ONE_FAILED) : counts;
}

/** Runs the specs of one jest project and counts their tests. */
export async function runJest(project: JestProject, options: JestOptions): Promise<Counts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'infinibay-jest-'));
  const reportFile = path.join(folder, 'report.json');
  const args = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    ...options.args,
    '--selectProjects',
    project,
    '--maxWorkers',
    WORKERS[project],
    '--testTimeout',
    TIMEOUT_MS[project],
    '--passWithNoTests',
    '--reporters',
    'default',
    '--reporters',
    './tools/test/count-reporter.cjs',
  ];
  try {
    const outcome = await runProcess(process.execPath, args, {
      environment: { ...options.environment, NODE_ENV: 'test', TMPDIR: folder, INFINIBAY_JEST_REPORT: reportFile },
      show: true,
      abandonWhen: (signal) => lingering(reportFile, signal),
    });
    if (outcome.abandoned !== undefined) process.stdout.write(`${outcome.abandoned}\n`);
    const left = endProcessesOf(folder);
    for (const command of left) process.stdout.write(`a test left this running: ${command}\n`);
    const counts = countsOf(outcome, reportFile);
    return left.length === 0 ? counts : add(counts, ONE_FAILED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
