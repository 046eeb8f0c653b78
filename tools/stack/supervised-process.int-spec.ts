import { readFileSync } from 'node:fs';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { holdsFor, patience, pollUntil } from '@infinibay/testing';

import { startChild, type RunningChild } from './child-process.ts';
import { anyFreePort } from './free-ports.ts';
import { listLeftovers, recordedProcesses, removeLeftovers } from './leftovers.ts';
import { serviceLiveness } from './liveness.ts';
import { isAlive } from './process-identity.ts';
import { acquireLock, lockHolder } from './stack-lock.ts';
import { SupervisedProcess } from './supervised-process.ts';
import { temporaryState, type TemporaryState } from './test-infrastructure.ts';

let state: TemporaryState;
beforeEach(() => {
  state = temporaryState();
});
afterEach(() => {
  state.remove();
});

function launch(script: string, stopTimeoutMs = 5_000): Promise<RunningChild> {
  return startChild({
    name: 'sample',
    command: 'sh',
    args: ['-c', script],
    environment: { PATH: process.env['PATH'] ?? '' },
    workingDir: state.runDir,
    logFile: path.join(state.logDir, 'sample.log'),
    runDir: state.runDir,
    stopTimeoutMs,
  });
}

const SLEEPER = 'echo started; while :; do sleep 0.05; done';

describe(SupervisedProcess.name, () => {
  it('starts a killed process again and tells so', async () => {
    const said: string[] = [];
    const sut = new SupervisedProcess('sample', () => launch(SLEEPER), { say: (line) => said.push(line) });
    await sut.start();
    const first = sut.pid;
    process.kill(first ?? -1, 'SIGKILL');
    await pollUntil(() => (sut.pid !== first && sut.crashes === 1 ? true : undefined), {
      timeoutMs: 10_000,
      what: 'the second process',
    });
    await sut.stop();
    expect(said).toEqual([expect.stringContaining('sample ended (SIGKILL)')]);
    expect(recordedProcesses(state.runDir)).toEqual([]);
  });

  it('waits longer after each crash', async () => {
    const said: string[] = [];
    const sut = new SupervisedProcess('sample', () => launch('exit 3'), { say: (line) => said.push(line) });
    await sut.start();
    await pollUntil(() => (sut.crashes >= 3 ? true : undefined), { timeoutMs: 15_000, what: 'three crashes' });
    await sut.stop();
    expect(said.slice(0, 3)).toEqual(
      [500, 1000, 2000].map((wait) => expect.stringContaining(`(code 3), starting it again in ${String(wait)} ms`)),
    );
  });

  it(
    'starts again what does not answer any more, and leaves alone what answers',
    async () => {
      const said: string[] = [];
      const port = await anyFreePort();
      const server = `require("node:http").createServer((q, s) => s.end()).listen(${String(port)}, "127.0.0.1")`;
      const { probe } = serviceLiveness(port, 30);
      const liveness = { probe, everyMs: 200, silentForMs: 400 };
      const report = { say: (line: string) => said.push(line) };
      const sut = new SupervisedProcess('sample', () => launch(`exec node -e '${server}'`), report, liveness);
      await sut.start();
      const answering = () =>
        pollUntil(async () => ((await probe()) ? true : undefined), {
          timeoutMs: patience(20_000),
          what: 'an answer',
        });
      await answering();
      const first = sut.pid;
      await holdsFor(1_000, () => sut.pid === first && said.length === 0, 'it runs on while it answers');
      process.kill(first ?? -1, 'SIGSTOP');
      await pollUntil(() => (sut.crashes > 0 ? true : undefined), { timeoutMs: patience(60_000), what: 'its end' });
      await answering();
      expect(sut.pid).not.toBe(first);
      await sut.stop();
      expect(said[0]).toContain('sample has not answered for 0.4 s and is ended');
      expect(said[1]).toContain('sample ended (SIGTERM)');
      expect(recordedProcesses(state.runDir)).toEqual([]);
    },
    patience(120_000),
  );

  it('ends at once while it waits to start again', async () => {
    const sut = new SupervisedProcess('sample', () => launch('exit 3'), { say: () => undefined });
    await sut.start();
    await pollUntil(() => (sut.crashes >= 3 ? true : undefined), { timeoutMs: 15_000, what: 'three crashes' });
    await sut.stop();
    const { crashes } = sut;
    // The next start was due in seconds: it is called off, and nothing runs.
    expect(recordedProcesses(state.runDir)).toEqual([]);
    await holdsFor(300, () => sut.crashes === crashes, 'nothing is started any more');
  });

  it('kills what does not end when asked', async () => {
    const sut = new SupervisedProcess('sample', () => launch(`trap "" TERM; ${SLEEPER}`, 300), {
      say: () => undefined,
    });
    await sut.start();
    await pollUntil(
      () => (readFileSync(path.join(state.logDir, 'sample.log'), 'utf8').includes('started') ? true : undefined),
      { timeoutMs: 5_000, what: 'the trap' },
    );
    await sut.stop();
    expect(recordedProcesses(state.runDir)).toEqual([]);
  });
});

describe(removeLeftovers.name, () => {
  it('ends a recorded process and leaves one alone that only has the same number', async () => {
    const child = await launch(SLEEPER);
    const [recorded] = recordedProcesses(state.runDir);
    expect(recorded?.pid).toBe(child.pid);
    expect(await listLeftovers(state)).toContain(`process sample (${String(child.pid)})`);
    await removeLeftovers(state);
    expect(recorded !== undefined && isAlive(recorded)).toBe(false);
    expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
    expect(await listLeftovers(state)).toEqual([]);
  });
});

describe(acquireLock.name, () => {
  it('lets one process run a stack at a time', () => {
    const release = acquireLock(state.runDir);
    expect(lockHolder(state.runDir)?.pid).toBe(process.pid);
    expect(() => acquireLock(state.runDir)).toThrow('already runs here');
    release();
    acquireLock(state.runDir)();
    expect(lockHolder(state.runDir)).toBeUndefined();
  });
});
