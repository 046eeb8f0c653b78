import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadline } from './deadline.js';

const passed = expect.objectContaining({ code: 'DEADLINE_EXCEEDED' });

describe(Deadline.name, () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('gives a call what is left, less what the answer needs', () => {
    const sut = new Deadline(Date.now() + 10_000);
    expect(sut.timeoutMs()).toBe(9_750);
    jest.advanceTimersByTime(4_000);
    expect(sut.timeoutMs()).toBe(5_750);
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
    const sut = Deadline.after(1_000);
    jest.advanceTimersByTime(999);
    expect(() => sut.check()).not.toThrow();
    jest.advanceTimersByTime(1);
    expect(() => sut.check()).toThrow(passed);
  });
});
