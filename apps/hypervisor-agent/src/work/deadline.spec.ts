import { describe, expect, it } from '@jest/globals';
import { Deadline } from './deadline.js';

const passed = expect.objectContaining({ code: 'DEADLINE_EXCEEDED' });

describe(Deadline.name, () => {
  it('gives a call what is left, less what the answer needs', () => {
    const left = new Deadline(Date.now() + 10_000).timeoutMs();
    expect(left).toBeLessThanOrEqual(9_750);
    expect(left).toBeGreaterThan(9_000);
  });

  it('gives a call no longer than it ever takes', () => {
    expect(new Deadline(Date.now() + 10_000).timeoutMs(55)).toBe(55);
  });

  it('gives nothing when it has passed, or when the answer would come too late', () => {
    for (const at of [Date.now() - 60_000, Date.now() - 1, Date.now() + 200]) {
      const sut = new Deadline(at);
      expect(() => sut.timeoutMs()).toThrow(passed);
      expect(() => sut.check()).toThrow(passed);
    }
  });

  it('allows changes until then', () => {
    expect(() => new Deadline(Date.now() + 10_000).check()).not.toThrow();
    expect(() => Deadline.after(1_000).check()).not.toThrow();
  });
});
