/**
 * npm run skew [-- <service>[:<seconds>][,<service>:<seconds>] ...]
 * Starts the whole stack with one service's clock two minutes ahead, then behind, for each service in turn, and two
 * that drift apart, and does journey.ts on it: a VM is created, stopped, started and deleted, seen by query and event.
 * Prints a table with the steps; a row that fails names its step. The exit code is 0 when every row holds.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';
import { findFaketime, offsetShownBy } from './faketime.ts';
import { clocksOf, lineOf, rowsOf, type Row } from './rows.ts';

let running: ChildProcess | undefined;
// Whoever ends us ends the stack, which stops what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => running?.kill(signal));

/** @returns the exit code of the stack, and what it said */
const runDemo = (row: Row, library: string, stateDir: string): Promise<{ code: number; output: string }> => {
  const child = spawn(process.execPath, ['tools/stack/main.ts', 'start', '--exit-after-demo'], {
    cwd: repositoryRoot,
    env: {
      ...process.env,
      INFINIBAY_HYPERVISOR: process.env['INFINIBAY_HYPERVISOR'] ?? 'test',
      INFINIBAY_STATE_DIR: stateDir,
      INFINIBAY_SKEW: row,
      INFINIBAY_DEMO_PROGRAM: 'tools/skew/journey.ts',
      INFINIBAY_FAKETIME: library,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code: code ?? 1, output: lines.join('') });
    });
  });
};

/** Services whose clock was not off: a row without it would hold for nothing. */
const unskewed = (row: Row, stateDir: string): string[] =>
  clocksOf(row)
    .filter(({ service, seconds }) => {
      const shown = offsetShownBy(path.join(stateDir, 'logs', `${service}.log`));
      return Math.abs(shown - seconds) > Math.abs(seconds) / 2;
    })
    .map(({ service }) => service);

const library = await findFaketime(path.join(repositoryRoot, '.toolchain', 'faketime'));
let failures = 0;
for (const row of rowsOf(process.argv.slice(2))) {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'ibay-skew-'));
  const { code, output } = await runDemo(row, library, stateDir);
  const unmoved = unskewed(row, stateDir);
  const holds = code === 0 && unmoved.length === 0;
  console.log(lineOf(row, code, output));
  if (unmoved.length > 0) console.log(`FAILS: the clock of ${unmoved.join(', ')} was not off`);
  if (holds) rmSync(stateDir, { recursive: true, force: true });
  else {
    failures += 1;
    console.log(`${output.split('\n').slice(-25).join('\n')}\nlogs in ${stateDir}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
