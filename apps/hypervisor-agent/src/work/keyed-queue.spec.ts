import { describe, expect, it } from '@jest/globals';
import { KeyedQueue } from './keyed-queue.js';

const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
};

describe(KeyedQueue.name, () => {
  it('runs work on one key in order and one at a time', async () => {
    const queue = new KeyedQueue();
    const first = gate();
    const log: string[] = [];
    const a = queue.run('k', async () => {
      await first.opened;
      log.push('first');
    });
    const b = queue.run('k', async () => {
      log.push('second');
    });
    await queue.run('other', async () => {
      log.push('other key');
    });
    first.open();
    await Promise.all([a, b]);
    expect(log).toEqual(['other key', 'first', 'second']);
  });

  it('goes on after a failure, which only its caller sees', async () => {
    const queue = new KeyedQueue();
    const failing = queue.run('k', () => Promise.reject(new Error('no')));
    const next = queue.run('k', () => Promise.resolve(1));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe(1);
  });

  it('forgets keys without work', async () => {
    const queue = new KeyedQueue();
    await queue.run('k', () => Promise.resolve());
    await new Promise(setImmediate);
    expect(queue.size).toBe(0);
  });
});
