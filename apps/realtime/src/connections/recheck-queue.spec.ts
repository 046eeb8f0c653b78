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
    for (const session of sessions) queue.put(actor(session));
    const looked: string[] = [];
    for (now = 3_000; looked.length < 1_000; now += 500) looked.push(...named(queue.take(64)));
    expect(looked.slice(0, 1_000)).toEqual(sessions);
  });

  it('has none before it is due, and the same again after its time', () => {
    let now = 0;
    const queue = new RecheckQueue(3_000, () => now);
    queue.put(actor('a'));
    now = 2_999;
    expect(queue.take(10)).toEqual([]);
    now = 3_000;
    expect(named(queue.take(10))).toEqual(['a']);
    expect(queue.take(10)).toEqual([]);
    now = 6_000;
    expect(named(queue.take(10))).toEqual(['a']);
  });

  it('puts one that was looked at meanwhile behind the others, with what is known of it now', () => {
    let now = 0;
    const queue = new RecheckQueue(3_000, () => now);
    queue.put(actor('a'));
    queue.put(actor('b'));
    now = 1_000;
    queue.put({ ...actor('a'), departmentIds: ['d'] });
    now = 3_000;
    expect(named(queue.take(10))).toEqual(['b']);
    now = 4_000;
    expect(queue.take(10)).toEqual([{ ...actor('a'), departmentIds: ['d'] }]);
  });

  it('forgets sessions that have no connection any more', () => {
    const queue = new RecheckQueue(0, () => 0);
    for (const session of ['a', 'b', 'c']) queue.put(actor(session));
    queue.keep((session) => session === 'b');
    expect(named(queue.take(10))).toEqual(['b']);
  });
});
