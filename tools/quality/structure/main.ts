/**
 * node tools/quality/structure/main.ts [--baseline]: measures the shape of the tree and writes nothing. Exit code 1 when a goal
 * is missed; with --baseline when one got worse than missed.json says, or is met and still stands there.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

import { trackedTexts } from '../tracked-files.ts';
import { USED_BY_NAME } from '../used-by-name.ts';
import { isMet, regressions } from './goals.ts';
import { reportOf } from './report.ts';
import { tableOf } from './table.ts';

const Baseline = z.record(z.string(), z.number());

const report = reportOf(trackedTexts(), USED_BY_NAME);
process.stdout.write(tableOf(report));

if (process.argv.includes('--baseline')) {
  const baseline: unknown = JSON.parse(readFileSync(new URL('missed.json', import.meta.url), 'utf8'));
  const problems = regressions(report.goals, Baseline.parse(baseline));
  for (const problem of problems) process.stdout.write(`missed.json: ${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
} else process.exitCode = report.goals.every(isMet) ? 0 : 1;
