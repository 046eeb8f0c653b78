import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

/** Tasks that end when they are told to, one after the other. */
const rig = (atOnce: number, maxWaiting = 1_000) => {
  const queue = new FairQueue(atOnce, maxWaiting);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const add = (name: string, ...path: string[]) =>
    queue.run(path, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  const endOne = async (): Promise<void> => {
    ends.shift()?.();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { queue, begun, add, endOne };
};

describe(FairQueue.name, () => {
  it('lets a newcomer wait for one turn, however many of another name wait', async () => {
    const { begun, add, endOne } = rig(1);
    for (let count = 0; count < 40; count += 1) void add(`flood-${count}`, 'unknown', '203.0.113.1', `user-${count}`);
    void add('victim', 'unknown', '192.0.2.7', 'owner');
    void add('known', 'known', '203.0.113.1', 'owner');
    await endOne();
    await endOne();
    await endOne();
    expect(begun.slice(0, 4)).toEqual(expect.arrayContaining(['victim', 'known']));
  });

  it('runs no more at once than it may, and all of them in the end', async () => {
    const { begun, add, endOne, queue } = rig(2);
    for (let count = 0; count < 9; count += 1) void add(String(count), 'a');
    expect([begun.length, queue.depth]).toEqual([2, 7]);
    for (let count = 0; count < 9; count += 1) await endOne();
    expect(begun).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
    expect(queue.depth).toBe(0);
  });

  it('refuses what would wait beyond its bound, and goes on after a failure', async () => {
    const queue = new FairQueue(1, 1);
    const failing = queue.run(['a'], () => Promise.reject(new Error('no')));
    const waiting = queue.run(['a'], () => Promise.resolve(7));
    expect(queue.run(['a'], () => Promise.resolve(8))).toBeUndefined();
    await expect(failing).rejects.toThrow('no');
    await expect(waiting).resolves.toBe(7);
  });
});
