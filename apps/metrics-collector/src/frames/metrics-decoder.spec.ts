import { GuestMetrics } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { decodeMetrics } from './metrics-decoder.js';

const sample = (more: object) => ({
  system: {
    system: { uptime_seconds: 5 },
    cpu: { usage_percent: 1, cores_usage: [1, 2] },
    memory: { total_kb: 100, used_kb: 50 },
    ...more,
  },
});
const cards = (count: number, addresses: number) => ({
  network: {
    interfaces: Array.from({ length: count }, (_, index) => ({
      name: `eth${String(index)}`,
      ip_addresses: Array.from({ length: addresses }, () => 'f'.repeat(64)),
    })),
  },
});

describe(decodeMetrics, () => {
  it('keeps all that a large guest says of itself', () => {
    const decoded = decodeMetrics(sample(cards(64, 6)));
    expect(decoded?.interfaces).toHaveLength(64);
    expect(decoded?.interfaces[63]?.addresses).toHaveLength(6);
  });

  it('leaves out the longest lists of a sample that would fill the storage, and keeps the rest', () => {
    const decoded = decodeMetrics(sample(cards(64, 32)));
    expect(decoded).toMatchObject({ interfaces: [], cores: [1, 2], uptimeSeconds: 5 });
    expect(JSON.stringify(decoded).length).toBeLessThan(65_536);
    expect(GuestMetrics.safeParse(decoded).success).toBe(true);
  });
});
