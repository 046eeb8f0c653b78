import { describe, expect, it } from '@jest/globals';
import type { SequencedEvent } from '../protocol.js';
import { EventLog } from './event-log.js';

const event = (sequence: number, id = `e${sequence}`): SequencedEvent => ({
  id,
  sequence,
  name: 'vm.created',
  version: 1,
  occurredAt: '',
  departmentId: null,
  resource: { kind: 'vm', id: 'v' },
  actor: { kind: 'user', id: 'u' },
  correlationId: 'c',
  causationId: null,
  data: {},
});
const sequences = (log: EventLog, after: number): number[] => [...log.after(after)].map((one) => one.sequence);

describe(EventLog.name, () => {
  it('gives what came after a sequence, also one that was skipped', () => {
    const log = new EventLog();
    expect(log.covers(0)).toBe(false);
    log.startAfter(10);
    for (const sequence of [11, 12, 15]) log.add(event(sequence));
    expect([
      sequences(log, 10),
      sequences(log, 12),
      sequences(log, 13),
      sequences(log, 15),
      sequences(log, 99),
    ]).toEqual([[11, 12, 15], [15], [15], [], []]);
    expect([log.covers(9), log.covers(10), log.last]).toEqual([false, true, 15]);
  });

  it('refuses an event that is published twice', () => {
    const log = new EventLog();
    log.startAfter(0);
    expect([log.add(event(1, 'x')), log.add(event(2, 'x')), log.add(event(3, 'y'))]).toEqual([true, false, true]);
  });

  it('stays bounded and knows what it no longer has', () => {
    const log = new EventLog();
    log.startAfter(0);
    for (let sequence = 1; sequence <= 25_000; sequence += 1) log.add(event(sequence));
    const kept = sequences(log, 0);
    expect(kept.length).toBeLessThanOrEqual(10_000);
    expect(kept.length).toBeGreaterThanOrEqual(9_000);
    expect(log.covers((kept[0] ?? 0) - 1)).toBe(true);
    expect(log.covers((kept[0] ?? 0) - 2)).toBe(false);
  });
});
