import { pollUntil } from '@infinibay/testing';
import { describe, expect, it } from '@jest/globals';
import { EventQueue } from './event-queue.js';

/** A queue to a receiver that is away until told otherwise. */
const queueTo = (capacity: number) => {
  const received: number[] = [];
  const dropped: number[] = [];
  const state = { away: true, failures: 0, sent: 0 };
  const sut = new EventQueue<number>({
    capacity,
    retryMs: 1,
    send: (event) => {
      if (state.away) return Promise.reject(new Error('away'));
      received.push(event);
      return Promise.resolve();
    },
    onSent: () => (state.sent += 1),
    onDropped: (event) => dropped.push(event),
    onFailed: () => (state.failures += 1),
  });
  return { sut, received, dropped, state };
};

describe(EventQueue.name, () => {
  it('sends in order once the receiver is there, and drops the oldest that waits', async () => {
    const { sut, received, dropped, state } = queueTo(3);
    for (const event of [1, 2, 3, 4, 5, 6]) sut.add(event);
    await pollUntil(() => state.failures > 2, { what: 'some failures' });
    expect(sut.waiting).toBe(3);
    state.away = false;
    await pollUntil(() => state.sent === 4, { what: 'the rest' });
    // The first was on its way already and is never given up.
    expect(received).toEqual([1, 4, 5, 6]);
    expect(dropped).toEqual([2, 3]);
    sut.add(7);
    await sut.stop(1_000);
    expect(received.at(-1)).toBe(7);
  });

  it('ends though the receiver stays away', async () => {
    const { sut, received } = queueTo(3);
    sut.add(1);
    await sut.stop(20);
    expect(received).toEqual([]);
  });
});
