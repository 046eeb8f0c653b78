import { afterAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pollUntil } from '@infinibay/testing';

import { endProcessesOf, processesOf } from './left-processes.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'infinibay-left-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe(endProcessesOf, () => {
  it('finds a detached process by the folder in its environment, and ends only that', async () => {
    const sleep = (environment: NodeJS.ProcessEnv) =>
      spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env: environment });
    const ours = sleep({ PATH: process.env['PATH'], TMPDIR: folder });
    const other = sleep({ PATH: process.env['PATH'] });
    const ended = new Promise((resolve) =>
      ours.once('exit', (_code, signal) => {
        resolve(signal);
      }),
    );
    await pollUntil(() => processesOf(folder).some(({ pid }) => pid === ours.pid));
    expect(endProcessesOf(folder)).toEqual(['sleep 60']);
    expect(await ended).toBe('SIGKILL');
    expect(other.exitCode).toBeNull();
    other.kill();
    expect(processesOf(folder)).toEqual([]);
  });
});
