import { setImmediate as nextLoop } from 'node:timers/promises';

/** CPU time that this thread has used, milliseconds: what else the machine does is not in it. */
export const threadCpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

/**
 * The least of up to three measurements; none is repeated that stays below `limit`. What exceeds it by its own work does so
 * each time, while time that the host of a virtual machine took away, or a collection of garbage, is in one of them.
 */
export const leastOf = async (limit: number, measure: () => Promise<number>): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3 && least >= limit; run += 1) least = Math.min(least, await measure());
  return least;
};

/** CPU time of this thread for a piece of synchronous work, milliseconds. The least of some runs: the first ones compile it. */
export const cpuMsOf = (work: () => void, runs = 3): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const before = threadCpuMs();
    work();
    least = Math.min(least, threadCpuMs() - before);
  }
  return least;
};

/**
 * Does some work while it watches the event loop.
 * @returns the longest CPU time that one turn of the loop took, milliseconds: for so long nothing else is served
 */
export const longestTurnOf = async (work: () => Promise<void>): Promise<number> => {
  let over = false;
  const working = work().finally(() => (over = true));
  let longest = 0;
  let before = threadCpuMs();
  while (!over) {
    await nextLoop();
    const now = threadCpuMs();
    longest = Math.max(longest, now - before);
    before = now;
  }
  await working;
  return longest;
};
