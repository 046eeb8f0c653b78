import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DiskCopies } from './disk-copies.js';

const MINUTE_MS = 60_000;

describe('DiskCopies', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** A copy that goes on until it is told to stop. */
  const begun = (copies: DiskCopies, vmId: string, bytes = 0) => {
    const tellers: ((percent: number) => void)[] = [];
    const done = copies.begin(vmId, { sourceVmId: 'source', bytes }, (signal, tell) => {
      tellers.push(tell);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('stopped'));
        });
      });
    });
    const outcome = done.then(
      () => 'done',
      () => 'stopped',
    );
    return { outcome, tell: (percent: number) => tellers[0]?.(percent) };
  };

  it('ends a copy that nobody asks after any more, and none that somebody does', async () => {
    const copies = new DiskCopies();
    const [asked, unasked] = [begun(copies, 'asked'), begun(copies, 'unasked')];
    for (let minute = 0; minute < 45; minute += 1) {
      copies.askedAfter('asked');
      jest.advanceTimersByTime(MINUTE_MS);
    }
    expect(await unasked.outcome).toBe('stopped');
    expect(() => {
      copies.requireNoneOf('source');
    }).toThrow('cannot');
    await copies.cancel('asked');
    expect(await asked.outcome).toBe('stopped');
    copies.requireNoneOf('source');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('promises the room that copies will yet take up, and no more', async () => {
    const copies = new DiskCopies();
    const [first] = [begun(copies, 'first', 1_000), begun(copies, 'second', 100)];
    expect(copies.promisedBytes).toBe(1_100);
    first.tell(75);
    expect([copies.askedAfter('first'), copies.promisedBytes]).toEqual([75, 350]);
    await copies.cancel('first');
    expect(copies.promisedBytes).toBe(100);
    await copies.onApplicationShutdown();
    expect(copies.promisedBytes).toBe(0);
  });
});
