import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { repositoryRoot } from '../stack/layout.ts';
import { add, ONE_FAILED, parseJestReport, type Counts, type JestReport } from './counts.ts';
import { endProcessesOf } from './left-processes.ts';
import { runProcess, withinLimit, type ProcessOutcome } from './run-process.ts';

export type JestProject = 'unit' | 'integration' | 'e2e';

export interface JestOptions {
  /** As on jest's command line: paths, -t, ... */
  readonly args: readonly string[];
  /** INFINIBAY_TEST_* of the servers of each worker: two workers never share one. None for specs that need no servers. */
  readonly lanes?: readonly Readonly<Record<string, string>>[];
  /** How many times slower than quiet this machine is: limits grow with it. */
  readonly slowness: number;
  /** Where it tells what jest does not; jest's own output is shown when this is left out. */
  readonly say?: (text: string) => void;
}

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

/** A run that has reported but doesn't end is held by something a test left open. */
const LINGER_MS = 15_000;

/** Files that run side by side, unless it is said how many {@link JestOptions.lanes} there are. */
const WORKERS = 2;

async function lingering(reportFile: string, signal: AbortSignal): Promise<string> {
  while (readReport(reportFile)?.complete !== true) await delay(250, undefined, { signal });
  await delay(LINGER_MS, undefined, { signal });
  return `jest did not end within ${String(LINGER_MS / 1000)} s after its last test: a test left something open`;
}

/**
 * For one test or hook, on a quiet machine; jest reads no such setting from a project. It is there to end what hangs:
 * the environment stretches it, and those that specs name, by {@link HANG_FACTOR} and the slowness of the machine.
 */
const TIMEOUT_MS: Record<JestProject, number> = { unit: 20_000, integration: 90_000, e2e: 150_000 };
/** Twice what `patience` of the testing library gives, so that a wait inside says itself what it waited for. */
const HANG_FACTOR = 6;
/** A test that hangs is not to take the time of all others, however slow the machine is. */
const MAX_SLOWNESS = 4;

function readReport(reportFile: string): JestReport | undefined {
  return existsSync(reportFile) ? parseJestReport(readFileSync(reportFile, 'utf8')) : undefined;
}

/** The spec files that this run would have come to. */
async function specFiles(project: JestProject, args: readonly string[]): Promise<readonly string[]> {
  const list = [...JEST, ...args, '--selectProjects', project, '--listTests'];
  const { output } = await runProcess(process.execPath, list, { environment: { NODE_ENV: 'test' }, timeoutMs: 60_000 });
  const files = output.split('\n').filter((line) => path.isAbsolute(line));
  return files.map((file) => path.relative(repositoryRoot, file)).sort();
}

/** Counts what a run came to, and one failure more when it did not come to its end. */
function countsOf(outcome: ProcessOutcome, report: JestReport | undefined): Counts {
  if (report === undefined) return ONE_FAILED;
  const { passed, failed, skipped } = report;
  const whole = report.complete && outcome.abandoned === undefined && (outcome.code === 0 || failed > 0);
  return whole ? { passed, failed, skipped } : add({ passed, failed, skipped }, ONE_FAILED);
}

/** Says which specs a run did not get to, or not through. */
async function tellUnfinished(
  project: JestProject,
  args: readonly string[],
  report: JestReport | undefined,
  say: (text: string) => void,
): Promise<void> {
  const { running, finished } = report ?? { running: [], finished: [] };
  const done = new Set([...running, ...finished]);
  const known = await withinLimit(60_000, () => specFiles(project, args));
  const waiting = known.filter((file) => !done.has(file));
  const tell = (what: string, files: readonly string[]): void => {
    if (files.length > 0) say(`${what}:\n${files.map((file) => `  ${file}\n`).join('')}`);
  };
  tell('begun and not finished', running);
  tell('not begun', waiting);
}

/** Runs the specs of one jest project and counts their tests. */
export async function runJest(project: JestProject, options: JestOptions): Promise<Counts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'infinibay-jest-'));
  const reportFile = path.join(folder, 'report.json');
  const say = options.say ?? ((text: string) => void process.stdout.write(text));
  const stretch = Math.min(options.slowness, MAX_SLOWNESS) * HANG_FACTOR;
  const args = [
    ...JEST,
    ...options.args,
    '--selectProjects',
    project,
    '--maxWorkers',
    String(options.lanes?.length ?? WORKERS),
    '--testTimeout',
    String(Math.round(TIMEOUT_MS[project] * stretch)),
    '--passWithNoTests',
    '--reporters',
    'default',
    '--reporters',
    path.join(repositoryRoot, 'tools/test/count-reporter.cjs'),
  ];
  try {
    const outcome = await runProcess(process.execPath, args, {
      environment: {
        NODE_ENV: 'test',
        TMPDIR: folder,
        INFINIBAY_JEST_REPORT: reportFile,
        INFINIBAY_JEST_LANES: JSON.stringify(options.lanes ?? []),
        INFINIBAY_JEST_STRETCH: String(stretch),
        INFINIBAY_TEST_SLOWNESS: String(options.slowness),
      },
      show: options.say === undefined,
      abandonWhen: (signal) => lingering(reportFile, signal),
    });
    if (outcome.abandoned !== undefined) say(`${outcome.abandoned}\n`);
    const left = endProcessesOf(folder);
    for (const command of left) say(`a test left this running: ${command}\n`);
    const report = readReport(reportFile);
    if (report?.complete !== true) await tellUnfinished(project, options.args, report, say);
    // Last: of a long output often only the end is seen.
    if (options.say === undefined) for (const one of report?.failures ?? []) say(`failed: ${one}\n`);
    const counts = countsOf(outcome, report);
    return left.length === 0 ? counts : add(counts, ONE_FAILED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
