/**
 * npm run skew [-- <service>[:<seconds>] ...]
 * Starts the whole stack with one service's clock two minutes ahead, then behind, for each service in turn, and runs the
 * demo on it: a login, a department, a network, rules, a VM that is created and started, its events on a socket.
 * Prints a table; the exit code is 0 when the demo ended well each time.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';
import { SERVICES } from '../stack/services.ts';
import { findFaketime } from './faketime.ts';

const OFFSETS = [120, -120] as const;

interface Row {
  readonly service: string;
  readonly seconds: number;
}

const rowsOf = (args: readonly string[]): Row[] => {
  const asked = args.length === 0 ? SERVICES.map(({ name }) => name as string) : args;
  return asked.flatMap((one) => {
    const [service = '', seconds] = one.split(':');
    return (seconds === undefined ? OFFSETS : [Number(seconds)]).map((offset) => ({ service, seconds: offset }));
  });
};

/** @returns the exit code of the stack, and its last lines */
const runDemo = (row: Row, library: string, stateDir: string): Promise<{ code: number; output: string }> => {
  const child = spawn(process.execPath, ['tools/stack/main.ts', 'start', '--exit-after-demo'], {
    cwd: repositoryRoot,
    env: {
      ...process.env,
      INFINIBAY_HYPERVISOR: process.env['INFINIBAY_HYPERVISOR'] ?? 'test',
      INFINIBAY_STATE_DIR: stateDir,
      INFINIBAY_SKEW: `${row.service}:${String(row.seconds)}`,
      INFINIBAY_FAKETIME: library,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whoever ends us ends the stack, which stops what it started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code: code ?? 1, output: lines.join('').split('\n').slice(-25).join('\n') });
    });
  });
};

const library = await findFaketime(path.join(repositoryRoot, '.toolchain', 'faketime'));
let failures = 0;
for (const row of rowsOf(process.argv.slice(2))) {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'ibay-skew-'));
  const { code, output } = await runDemo(row, library, stateDir);
  if (code === 0) rmSync(stateDir, { recursive: true, force: true });
  else failures += 1;
  const seconds = `${row.seconds > 0 ? '+' : ''}${String(row.seconds)} s`;
  console.log(
    `${row.service.padEnd(18)} ${seconds.padStart(7)}  ${code === 0 ? 'holds' : `FAILS, logs in ${stateDir}`}`,
  );
  if (code !== 0) console.log(output);
}
process.exit(failures === 0 ? 0 : 1);
