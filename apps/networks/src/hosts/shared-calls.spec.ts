import { describe, expect, it } from '@jest/globals';
import { SharedCalls } from './shared-calls.js';

const gate = (): { opened: Promise<void>; open: () => void } => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
};

describe(SharedCalls, () => {
  it('makes two runs of many calls: the first, and one for all that came while it ran', async () => {
    const sut = new SharedCalls();
    const first = gate();
    let runs = 0;
    let atOnce = 0;
    const work = async (): Promise<void> => {
      runs += 1;
      atOnce += 1;
      expect(atOnce).toBe(1);
      await first.opened;
      atOnce -= 1;
    };
    const calls = Array.from({ length: 50 }, () => sut.run('a', work));
    first.open();
    await Promise.all(calls);
    expect(runs).toBe(2);
  });

  it('runs again after a failure, and tells each caller of its own run', async () => {
    const sut = new SharedCalls();
    const failing = sut.run('a', () => Promise.reject(new Error('host away')));
    const following = sut.run('a', () => Promise.resolve());
    await expect(failing).rejects.toThrow('host away');
    await expect(following).resolves.toBeUndefined();
  });

  it('keeps no key waiting for another', async () => {
    const sut = new SharedCalls();
    const never = gate();
    const stuck = sut.run('a', () => never.opened);
    await sut.run('b', () => Promise.resolve());
    never.open();
    await stuck;
  });
});
