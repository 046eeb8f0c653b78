import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ScanTimer } from './scan-timer.js';

/** A timer whose scans the test ends. */
const started = async () => {
  const ends: (() => void)[] = [];
  const sut = new ScanTimer(() => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    ends.push(() => {
      resolve(undefined);
    });
    return promise;
  });
  sut.start();
  await jest.advanceTimersByTimeAsync(0);
  const endLast = async (): Promise<void> => {
    ends.at(-1)?.();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { sut, begun: () => ends.length, endLast };
};

describe(ScanTimer.name, () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('scans at once, and again a second after the end of the last scan', async () => {
    const { begun, endLast } = await started();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(begun()).toBe(1);
    await endLast();
    await jest.advanceTimersByTimeAsync(999);
    expect(begun()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(begun()).toBe(2);
  });

  it('scans soon after a hint', async () => {
    const { sut, begun, endLast } = await started();
    await endLast();
    sut.hint();
    await jest.advanceTimersByTimeAsync(50);
    expect(begun()).toBe(2);
  });

  it('is not put off by hints that follow one another', async () => {
    const { sut, begun, endLast } = await started();
    await endLast();
    for (let hint = 0; hint < 5; hint += 1) {
      sut.hint();
      await jest.advanceTimersByTimeAsync(10);
    }
    expect(begun()).toBe(2);
  });

  it('scans soon after the end of a scan that a hint came into, once and never beside it', async () => {
    const { sut, begun, endLast } = await started();
    sut.hint();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(begun()).toBe(1);
    await endLast();
    await jest.advanceTimersByTimeAsync(50);
    expect(begun()).toBe(2);
    await endLast();
    await jest.advanceTimersByTimeAsync(999);
    expect(begun()).toBe(2);
  });

  it('stops after the scan that is under way, whatever is hinted', async () => {
    const { sut, begun, endLast } = await started();
    sut.hint();
    let stopped = false;
    const stopping = sut.stop().then(() => (stopped = true));
    await jest.advanceTimersByTimeAsync(0);
    expect(stopped).toBe(false);
    await endLast();
    await stopping;
    sut.hint();
    await jest.advanceTimersByTimeAsync(5_000);
    expect([begun(), jest.getTimerCount()]).toEqual([1, 0]);
  });
});
