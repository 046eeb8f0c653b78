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

  it('gives the event loop back within its budget, however many wait', async () => {
    const queue = new TurnQueue();
    let turns = 0;
    const burn = (): boolean => {
      const until = performance.now() + 1;
      while (performance.now() < until);
      turns += 1;
      return false;
    };
    for (let taker = 0; taker < 100; taker += 1) queue.submit({ takeTurn: burn });
    let loops = 0;
    while (turns < 100) {
      await nextLoop();
      loops += 1;
    }
    // At most five turns of a millisecond at a time, however slow the machine is.
    expect(loops).toBeGreaterThanOrEqual(15);
  });
});
