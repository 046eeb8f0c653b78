import type { Timed } from './reference.ts';

/**
 * Makes `count` calls, `inFlight` at a time.
 * @param call makes the call of this number and gives what is summed up as the check
 */
export async function timeCalls(
  count: number,
  inFlight: number,
  call: (index: number) => Promise<number>,
): Promise<Timed> {
  let next = 0;
  let check = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      // Not `check += await`: it would read the sum before the wait and lose what others added.
      const part = await call(index);
      check += part;
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { microseconds: ((performance.now() - begun) * 1_000) / count, check };
}

/** As {@link timeCalls}, giving the latency of each call in ms. */
export async function latenciesOf(
  count: number,
  inFlight: number,
  call: (index: number) => Promise<number>,
): Promise<number[]> {
  const latencies: number[] = [];
  await timeCalls(count, inFlight, async (index) => {
    const begun = performance.now();
    const part = await call(index);
    latencies.push(performance.now() - begun);
    return part;
  });
  return latencies;
}
