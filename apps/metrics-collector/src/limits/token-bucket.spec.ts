import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from './token-bucket.js';

describe(TokenBucket.name, () => {
  it('lets a burst pass, then the steady rate', () => {
    let now = 0;
    const bucket = new TokenBucket(20, 60, () => now);
    let passed = 0;
    for (now = 0; now < 10_000; now += 1) {
      while (bucket.waitMs() === 0) {
        bucket.withdraw(1);
        passed += 1;
      }
    }
    expect(passed).toBeGreaterThanOrEqual(259);
    expect(passed).toBeLessThanOrEqual(261);
  });

  it('pays off a debt before it gives again, and says how long that takes', () => {
    let now = 0;
    const bucket = new TokenBucket(100, 100, () => now);
    bucket.withdraw(300);
    expect(bucket.waitMs()).toBe(2_001);
    now = 2_001;
    expect(bucket.waitMs()).toBe(0);
  });

  it('takes all of what comes once a second, a little early as often as late', () => {
    let now = 0;
    const bucket = new TokenBucket(1, 2, () => now);
    let taken = 0;
    for (let turn = 0; turn < 600; turn += 1) {
      now = turn * 1_000 + ((turn * 7_919) % 400) - 200;
      if (bucket.waitMs() > 0) continue;
      bucket.withdraw(1);
      taken += 1;
    }
    expect(taken).toBe(600);
  });
});
