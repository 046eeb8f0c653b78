import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextLoop } from 'node:timers/promises';
import { TurnQueue } from './turn-queue.js';

describe(TurnQueue.name, () => {
  it('serves a newcomer after one slice of a taker that never ends', async () => {
    const queue = new TurnQueue();
    const order: string[] = [];
    let ended = false;
    const takeTurn = (): boolean => {
      order.push('flood');
      return !ended;
    };
    queue.submit({ takeTurn });
    await nextLoop();
    queue.submit({
      takeTurn: () => {
        order.push('neighbour');
        return false;
      },
    });
    const before = order.length;
    while (!order.includes('neighbour')) await nextLoop();
    ended = true;
    expect(order.indexOf('neighbour') - before).toBeLessThanOrEqual(1);
  });

  it('gives the event loop back after 5 ms of work, however many wait', async () => {
    let now = 0;
    const queue = new TurnQueue(() => now);
    const takeTurn = (): boolean => {
      now += 1;
      return false;
    };
    for (let taker = 0; taker < 100; taker += 1) queue.submit({ takeTurn });
    const passes: number[] = [];
    while (now < 100) {
      const before = now;
      await nextLoop();
      passes.push(now - before);
    }
    expect(Math.max(...passes)).toBe(5);
    expect(passes.filter((taken) => taken > 0)).toHaveLength(20);
  });
});
