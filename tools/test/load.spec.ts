import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';

import { startLoad } from './load.ts';

const alive = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);
/** The sixth field; the second is a name in brackets, which may hold blanks. */
const sessionOf = (pid: number): string | undefined =>
  readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .split(') ')[1]
    ?.split(' ')[3];

describe(startLoad, () => {
  it('runs the loops in processes of their own until it is stopped', async () => {
    const load = await startLoad(2);
    expect(load.pids.map(alive)).toEqual([true, true]);
    expect(await load.stop()).toEqual([]);
    await pollUntil(() => !load.pids.some(alive), { what: 'the end of the loops' });
  });

  it('counts as one build beside the run, wherever the kernel divides its time between sessions', async () => {
    const load = await startLoad(3);
    expect(new Set(load.pids.map(sessionOf)).size).toBe(1);
    expect(load.pids.map(sessionOf)).not.toContain(sessionOf(process.pid));
    await load.stop();
  });

  it('leaves none behind when the run that started them is killed', async () => {
    const script = `const { startLoad } = await import(${JSON.stringify(new URL('./load.ts', import.meta.url).href)});
      console.log(JSON.stringify((await startLoad(2)).pids));
      setInterval(() => undefined, 1_000);`;
    const run = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: run.stdout }), 'line')) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids.map(alive)).toEqual([true, true]);
    run.kill('SIGKILL');
    await pollUntil(() => !pids.some(alive), { what: 'the loops to notice' });
  });
});
