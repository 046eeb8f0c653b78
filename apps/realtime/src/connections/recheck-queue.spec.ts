import type { Actor } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { RecheckQueue } from './recheck-queue.js';

const actor = (sessionId: string): Actor => ({ userId: 'u', sessionId, role: 'USER', departmentIds: [] });
const named = (actors: readonly Actor[]): string[] => actors.map(({ sessionId }) => sessionId);

describe(RecheckQueue, () => {
  it('gives each of a thousand sessions its turn, though few are looked at in one go', () => {
    let now = 0;
    const queue = new RecheckQueue(3_000, () => now);
    const sessions = Array.from({ length: 1_000 }, (_, index) => `s${String(index)}`);
    for (const session of sessions) queue.add(actor(session));
    const looked: string[] = [];
    for (now = 3_000; looked.length < 1_000; now += 500) looked.push(...named(queue.take(64)));
    expect(looked.slice(0, 1_000)).toEqual(sessions);
  });

  it('has none before it is due, and the same again after its time', () => {
    let now = 0;
    const queue = new RecheckQueue(3_000, () => now);
    queue.add(actor('a'));
    now = 2_999;
    expect(queue.take(10)).toEqual([]);
    now = 3_000;
    expect(named(queue.take(10))).toEqual(['a']);
    expect(queue.take(10)).toEqual([]);
    now = 6_000;
    expect(named(queue.take(10))).toEqual(['a']);
  });

  it('leaves one in its place of which there are more connections meanwhile', () => {
    let now = 0;
    const queue = new RecheckQueue(3_000, () => now);
    for (now = 0; now < 3_000; now += 100) queue.add(actor('a'));
    now = 3_000;
    expect(named(queue.take(10))).toEqual(['a']);
  });

  it('has at once what is urgent, before all others and once', () => {
    let now = 0;
    const queue = new RecheckQueue(3_000, () => now);
    for (const session of ['a', 'b', 'c']) queue.add(actor(session));
    queue.hasten(actor('c'));
    expect([named(queue.take(0)), named(queue.take(10)), named(queue.take(10))]).toEqual([[], ['c'], []]);
    now = 3_000;
    queue.hasten(actor('b'));
    expect(named(queue.take(2))).toEqual(['b', 'a']);
    expect(named(queue.take(10))).toEqual(['c']);
  });

  it('has what is urgent again and again until it is answered about', () => {
    const queue = new RecheckQueue(3_000, () => 1_000);
    queue.add(actor('a'));
    queue.hasten(actor('a'));
    // Asked before its access changed.
    queue.answered(actor('a'), 999);
    for (let round = 0; round < 3; round += 1) {
      expect(named(queue.take(10))).toEqual(['a']);
      queue.failed(actor('a'));
    }
    expect(named(queue.take(10))).toEqual(['a']);
    queue.answered(actor('a'), 1_000);
    queue.failed(actor('a'));
    expect(named(queue.take(10))).toEqual([]);
  });

  it('forgets sessions that have no connection any more', () => {
    const queue = new RecheckQueue(0, () => 0);
    for (const session of ['a', 'b', 'c']) queue.add(actor(session));
    queue.keep((session) => session === 'b');
    expect(named(queue.take(10))).toEqual(['b']);
  });
});
