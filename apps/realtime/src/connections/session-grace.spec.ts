import { describe, expect, it } from '@jest/globals';
import { configSchema } from '../config.js';
import { SessionGrace } from './session-grace.js';

describe(SessionGrace, () => {
  const graceOf = (graceMs: number) => {
    const clock = { now: 0 };
    return { clock, grace: new SessionGrace(graceMs, () => clock.now) };
  };

  it('is over when users has not answered for its time, and not when nothing was asked', () => {
    const { clock, grace } = graceOf(30_000);
    clock.now = 60_000;
    expect(grace.isOver).toBe(false);
    grace.answered();
    grace.failed();
    clock.now = 90_000;
    expect(grace.isOver).toBe(false);
    clock.now = 90_001;
    expect(grace.isOver).toBe(true);
    grace.answered();
    expect(grace.isOver).toBe(false);
  });

  it('is not over any more when a newcomer was answered about, and still is when that was known before', () => {
    const { clock, grace } = graceOf(30_000);
    grace.failed();
    clock.now = 40_000;
    for (const known of [-Infinity, -1]) grace.answered(known);
    expect(grace.isOver).toBe(true);
    grace.answered(39_000);
    expect(grace.isOver).toBe(false);
    grace.failed();
    clock.now = 69_001;
    expect(grace.isOver).toBe(true);
  });

  it('is never so short that a question that hangs, or a restart of users, ends everybody', () => {
    const { schema } = configSchema.SESSION_GRACE_SECONDS;
    expect(['14', '15'].map((seconds) => schema.safeParse(seconds).success)).toEqual([false, true]);
  });

  it('goes on while users answers about others, however many questions fail', () => {
    const { clock, grace } = graceOf(30_000);
    for (; clock.now < 120_000; clock.now += 20_000) {
      grace.answered();
      grace.failed();
      expect(grace.isOver).toBe(false);
    }
    expect([grace.isPast(clock.now - 30_000), grace.isPast(clock.now - 30_001)]).toEqual([false, true]);
  });
});
