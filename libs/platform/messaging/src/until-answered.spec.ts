import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RESEND_PAUSE_MS, untilAnswered } from './until-answered.js';

const TIMEOUT_MS = 60_000;

interface Sending {
  readonly leftMs: number;
  readonly atMs: number;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

/** A request whose sendings the test answers, and whose owner starts when the test says so. */
const asking = () => {
  const sendings: Sending[] = [];
  const followers = new Set<() => void>();
  const nobodyWaits = new AbortController();
  let resent = 0;
  const began = performance.now();
  const answer = untilAnswered<string>({
    timeoutMs: TIMEOUT_MS,
    signal: nobodyWaits.signal,
    ask: (leftMs) =>
      new Promise((resolve, reject) => {
        sendings.push({ leftMs, atMs: performance.now() - began, resolve, reject });
      }),
    follow: (again) => {
      followers.add(again);
      return () => followers.delete(again);
    },
    onAgain: () => (resent += 1),
  });
  const start = (): void => {
    for (const again of [...followers]) again();
  };
  return { sendings, followers, nobodyWaits, answer, start, resent: () => resent };
};

describe(untilAnswered, () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('sends once, and follows no longer than until the answer', async () => {
    const { sendings, followers, answer, start, resent } = asking();
    sendings[0]?.resolve('first');
    await expect(answer).resolves.toBe('first');
    start();
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect([sendings.length, followers.size, resent()]).toEqual([1, 0, 0]);
  });

  it('sends again with what is left of the time, and takes whichever answer comes first', async () => {
    const { sendings, answer, start, resent } = asking();
    await jest.advanceTimersByTimeAsync(20_000);
    start();
    await jest.advanceTimersByTimeAsync(0);
    expect(sendings.map(({ leftMs }) => leftMs)).toEqual([TIMEOUT_MS, TIMEOUT_MS - 20_000]);
    expect(resent()).toBe(1);
    sendings[1]?.resolve('second');
    sendings[0]?.resolve('first');
    await expect(answer).resolves.toBe('second');
  });

  it('takes the answer of the first sending after it has sent again, and heeds no failure of a later one', async () => {
    const { sendings, answer, start } = asking();
    start();
    await jest.advanceTimersByTimeAsync(0);
    sendings[1]?.reject(new Error('nobody there'));
    await jest.advanceTimersByTimeAsync(0);
    sendings[0]?.resolve('first');
    await expect(answer).resolves.toBe('first');
  });

  it('makes one sending of many starts, and fewer the longer an owner flaps', async () => {
    const { sendings, answer, start } = asking();
    const ended = expect(answer).rejects.toThrow('no answer in time');
    for (let elapsed = 0; elapsed < TIMEOUT_MS; elapsed += 100) {
      start();
      start();
      await jest.advanceTimersByTimeAsync(100);
    }
    const pauses = [0, 1, 3, 7, 15, 31].map((count) => count * RESEND_PAUSE_MS);
    expect(sendings.map(({ atMs }) => Math.round(atMs))).toEqual([0, ...pauses]);
    sendings[0]?.reject(new Error('no answer in time'));
    await ended;
  });

  it('forgets no start that comes within the pause', async () => {
    const { sendings, answer, start } = asking();
    start();
    await jest.advanceTimersByTimeAsync(10);
    start();
    await jest.advanceTimersByTimeAsync(RESEND_PAUSE_MS);
    expect(sendings).toHaveLength(3);
    sendings[2]?.resolve('third');
    await expect(answer).resolves.toBe('third');
  });

  it('sends nothing when nobody waits any more, or the time is over', async () => {
    const left = asking();
    const refused = expect(left.answer).rejects.toThrow('left');
    left.start();
    left.nobodyWaits.abort(new Error('left'));
    await refused;
    await jest.advanceTimersByTimeAsync(RESEND_PAUSE_MS);
    expect([left.sendings.length, left.followers.size]).toEqual([1, 0]);
    const late = asking();
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    late.start();
    await jest.advanceTimersByTimeAsync(0);
    expect(late.sendings).toHaveLength(1);
    late.sendings[0]?.resolve('late');
    await expect(late.answer).resolves.toBe('late');
  });
});
