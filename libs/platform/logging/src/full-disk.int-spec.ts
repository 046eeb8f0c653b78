import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { patience, pollUntil } from '@infinibay/testing';

const LOGGING = fileURLToPath(new URL('../dist/index.js', import.meta.url));

/** Logs as services do; tells on its channel what it logged and what it lost. */
const SERVICE = `
  import { createLogger, lostLogLines } from ${JSON.stringify(LOGGING)};
  const logger = createLogger({ service: 'sample', level: 'info', format: 'json' });
  let sent = 0;
  setInterval(() => {
    logger.info({ number: sent }, 'a line of a service '.repeat(20));
    sent += 1;
    process.send({ sent, lost: lostLogLines() });
  }, 5);
`;

interface Told {
  readonly sent: number;
  readonly lost: number;
}

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ib-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
});
afterEach(() => {
  child?.kill('SIGKILL');
  // Lazily: the child that was killed may still be going.
  execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
});

const startService = (logFile: string): { told: () => Told; exited: () => boolean } => {
  const log = openSync(logFile, 'a');
  const started = spawn(process.execPath, ['--input-type=module', '-e', SERVICE], {
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  child = started;
  let told: Told = { sent: 0, lost: 0 };
  started.on('message', (message) => (told = message as Told));
  return { told: () => told, exited: () => started.exitCode !== null || started.signalCode !== null };
};

describe('a logger on a full disk', () => {
  it('loses lines and not its service, and tells so when there is room again', async () => {
    const [logFile, ballast] = [path.join(folder, 'service.log'), path.join(folder, 'ballast')];
    writeFileSync(ballast, Buffer.alloc(48 * 1024));
    const { told, exited } = startService(logFile);
    const until = (what: string, condition: () => boolean): Promise<true> =>
      pollUntil(() => (condition() ? true : undefined), { timeoutMs: patience(60_000), what });
    await until('lost lines or an end', () => exited() || told().lost > 10);
    expect(exited()).toBe(false);
    const full = statSync(logFile).size;
    rmSync(ballast);
    await until('lines after the lost ones', () => exited() || statSync(logFile).size > full + 2_000);
    expect(exited()).toBe(false);
    const lines = readFileSync(logFile, 'utf8').split('\n').slice(0, -1);
    const reports = lines.filter((line) => line.includes('log lines were lost'));
    expect(reports).toHaveLength(1);
    expect(JSON.parse(reports[0] ?? '{}')).toMatchObject({ level: 'warn', service: 'sample', code: 'ENOSPC' });
    // At most the one at which the disk ran full is torn.
    const whole = lines.filter((line) => /^\{.*\}$/u.test(line));
    expect(lines.length - whole.length).toBeLessThanOrEqual(1);
  });
});
