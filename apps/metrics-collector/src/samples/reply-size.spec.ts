import type { GuestSample } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { decodeMetrics } from '../frames/metrics-decoder.js';
import { allThatFit, firstThatFit } from './reply-size.js';

const sampleOf = (vmId: string, cards: number): GuestSample => {
  const metrics = decodeMetrics({
    system: {
      system: { uptime_seconds: 5 },
      cpu: { usage_percent: 1 },
      memory: { total_kb: 100, used_kb: 50 },
      network: { interfaces: Array.from({ length: cards }, () => ({ name: 'x'.repeat(64) })) },
    },
  });
  if (metrics === undefined) throw new Error('no sample');
  return { vmId, departmentId: 'd', sampledAt: '2026-01-01T00:00:00.000Z', metrics };
};
const sizeOf = (samples: readonly GuestSample[]): number => JSON.stringify(samples).length;

describe('a reply', () => {
  const [small, large] = [sampleOf('small', 2), sampleOf('large', 60)];

  it('has the first samples that fit', () => {
    expect(firstThatFit([small, large, small], sizeOf([small, large]))).toEqual([small, large]);
  });

  it('has all that it can of every guest, when that fits', () => {
    expect(allThatFit([small, large], sizeOf([small, large]) + 10)).toEqual([small, large]);
  });

  it('leaves out lists of those that are beyond their share, and of nobody else', () => {
    const [first, second, third] = allThatFit([small, large, small], 3 * sizeOf([small]) + 10);
    expect([first, third]).toEqual([small, small]);
    expect(second?.metrics.interfaces).toEqual([]);
  });

  it('is never larger than it may be, however many are large', () => {
    const all = Array.from({ length: 100 }, () => large);
    expect(sizeOf(allThatFit(all, 200_000))).toBeLessThan(200_000);
  });
});
