/**
 * npm run faults -- vms [--quick] [--only <part of a row's name>] [--seed 1] [--schedules 200]
 * Starts the real stack, does one fault after another at exact places, and compares afterwards what there is: database,
 * domains, disks, filters, kernel rules, ports, addresses, sockets, events. Prints a line for each row with the time to
 * recover, writes bench/out/faults.json, and ends with 1 when a promise of a row was broken.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import { forgetLogs, keepLogs, lineOf, writeOutcomes } from './report.ts';
import type { Row } from './row.ts';
import { rowsOf } from './rows.ts';
import { runRow, type Outcome } from './run-row.ts';
import { Scene } from './scene.ts';

const USAGE = 'usage: npm run faults -- vms [--quick] [--only <text>] [--seed <number>] [--schedules <number>]';
const SCHEDULES = 200;

const say = (line: string): void => {
  console.log(`faults: ${line}`);
};

const chosen = (): { readonly rows: readonly Row[]; readonly seed: number } => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string' },
      schedules: { type: 'string' },
    },
  });
  const seed = Number(values.seed ?? randomInt(1_000_000));
  const schedules = Number(values.schedules ?? SCHEDULES);
  if (positionals.join() !== 'vms' || !Number.isInteger(seed) || !(schedules > 0)) throw new Error(USAGE);
  return { seed, rows: rowsOf({ quick: values.quick, only: values.only, schedules, seed }) };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A row that could not be done is broken, and says why. */
const outcomeOf = async (scene: Scene, row: Row): Promise<Outcome> => {
  try {
    return await runRow(scene, row);
  } catch (error) {
    return { row: row.name, boundMs: 0, convergedMs: null, cleanMs: null, broken: [messageOf(error)] };
  }
};

const main = async (): Promise<boolean> => {
  const { rows, seed } = chosen();
  say(`${String(rows.length)} rows, SEED ${String(seed)}; starting the whole stack`);
  // A Ctrl-C ends the stack as well: a row would wait for it in vain.
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        reject(new Error('interrupted'));
      });
  });
  interrupted.catch(() => undefined);
  forgetLogs();
  let scene = await Scene.build();
  const outcomes: Outcome[] = [];
  try {
    for (const [index, row] of rows.entries()) {
      const outcome = await Promise.race([outcomeOf(scene, row), interrupted]);
      outcomes.push(outcome);
      say(`${String(index + 1)}/${String(rows.length)}  ${lineOf(outcome)}`);
      if (outcome.broken.length > 0) say(`logs: ${keepLogs(scene.system.layout.logDir, index + 1)}`);
      // What a broken row has left must not break those that follow.
      if (outcome.broken.length > 0 && outcome.cleanMs === null) {
        await scene.stop();
        say('another stack for the rows that follow');
        scene = await Scene.build();
      }
    }
  } finally {
    await scene.stop();
  }
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0).length;
  say(`written to ${writeOutcomes(seed, outcomes)}`);
  say(`${String(outcomes.length)} of ${String(rows.length)} rows, ${String(broken)} broken; SEED ${String(seed)}`);
  return broken === 0 && outcomes.length === rows.length;
};

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  console.error('faults failed:', messageOf(error));
  process.exit(2);
}
