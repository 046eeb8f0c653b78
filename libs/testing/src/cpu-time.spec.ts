import { setImmediate as nextLoop, setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { cpuMsOf, leastOf, longestTurnOf, threadCpuMs } from './cpu-time.js';

/** Uses the CPU for a while, however often others get it meanwhile. */
const burn = (cpuMs: number): void => {
  const until = threadCpuMs() + cpuMs;
  while (threadCpuMs() < until);
};

describe('CPU time of the own thread', () => {
  it('counts work', () => {
    expect(cpuMsOf(() => burn(30), 1)).toBeGreaterThanOrEqual(30);
  });

  it('is not used by waiting, for another process or for a timer', async () => {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    expect(cpuMsOf(() => Atomics.wait(cell, 0, 0, 300))).toBeLessThan(100);
    expect(await leastOf(100, () => longestTurnOf(() => delay(1)))).toBeLessThan(100);
  });

  it('tells the longest turn of the loop', async () => {
    const work = async (): Promise<void> => {
      for (const cpuMs of [5, 60, 5]) {
        await nextLoop();
        burn(cpuMs);
      }
    };
    expect(await longestTurnOf(work)).toBeGreaterThanOrEqual(60);
  });
});
