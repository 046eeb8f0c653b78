import { describe, expect, it } from '@jest/globals';
import { PeerClocks } from './peer-clocks.js';

/** Two processes on two machines, and the time that passes for both. */
const machines = (aheadMs: number) => {
  let now = 1_000_000;
  const seen: number[] = [];
  const clockAt = (offset: number, started: number) => ({
    wallMs: () => now + offset,
    monotonicMs: () => now - started,
  });
  const caller = new PeerClocks('gateway', undefined, clockAt(aheadMs, 999_000));
  const owner = new PeerClocks('users', (_service, _instance, ms) => seen.push(ms), clockAt(0, 5_000));
  return {
    seen,
    pass: (ms: number) => (now += ms),
    stamp: (timeoutMs?: number) => caller.stamp(timeoutMs),
    arrive: (stamp: ReturnType<PeerClocks['stamp']>) => owner.arrived(stamp),
  };
};

describe(PeerClocks.name, () => {
  it.each([0, 120_000, -120_000])('tells a clock that is %i ms ahead, and never calls its messages late', (aheadMs) => {
    const { seen, pass, stamp, arrive } = machines(aheadMs);
    for (let count = 0; count < 100; count += 1) {
      const sent = stamp(5_000);
      pass(3);
      expect(arrive(sent)).toEqual({ timeoutMs: 5_000, lateMs: 0 });
      pass(1_000);
    }
    expect(seen.at(-1)).toBe(aheadMs - 3);
  });

  it('tells what a message lost while its receiver stood still, whatever the clocks say', () => {
    const { pass, stamp, arrive } = machines(-120_000);
    pass(5);
    arrive(stamp());
    const waiting = [stamp(5_000), stamp(5_000)];
    pass(60_000);
    for (const one of waiting) expect(arrive(one).lateMs).toBe(60_000);
    expect(arrive(stamp(5_000)).lateMs).toBe(0);
  });

  it('takes a sender whose machine slept for a late one no longer than two windows', () => {
    const { pass, stamp, arrive } = machines(0);
    arrive(stamp());
    const slept = (): ReturnType<typeof stamp> => {
      const sent = stamp(5_000);
      sent.set('Infinibay-Monotonic-Ms', String(Number(sent.get('Infinibay-Monotonic-Ms')) - 300_000));
      return sent;
    };
    expect(arrive(slept()).lateMs).toBe(300_000);
    for (let count = 0; count < 3; count += 1) {
      pass(31_000);
      arrive(slept());
    }
    expect(arrive(slept()).lateMs).toBe(0);
  });

  it('believes no header that is no number, and nothing of a sender that says nothing', () => {
    const { stamp, arrive } = machines(0);
    const odd = stamp(5_000);
    for (const name of ['Infinibay-Timeout-Ms', 'Infinibay-Clock-Ms']) odd.set(name, '1e9');
    expect(arrive(odd)).toEqual({ timeoutMs: undefined, lateMs: 0 });
    expect(new PeerClocks('users').arrived(undefined)).toEqual({ timeoutMs: undefined, lateMs: 0 });
  });
});
