import { describe, expect, it } from '@jest/globals';
import type { Actor, EventEnvelope } from '@infinibay/contracts';
import fc from 'fast-check';
import { audienceOf, mayHear, roomsOf } from './rooms.js';

const ids = ['u1', 'u2', 'd1', 'd2'] as const;
const actors = fc.record({
  userId: fc.constantFrom('u1', 'u2'),
  sessionId: fc.constant('s1'),
  role: fc.constantFrom('ADMIN' as const, 'USER' as const),
  departmentIds: fc.subarray(['d1', 'd2']),
});
const events: fc.Arbitrary<EventEnvelope> = fc.record({
  id: fc.constant('e1'),
  name: fc.constant('vm.created'),
  version: fc.constant(1),
  occurredAt: fc.constant('2026-11-22T10:00:00.000Z'),
  departmentId: fc.constantFrom('d1', 'd2', null),
  resource: fc.record({ kind: fc.constantFrom('vm', 'user', 'department'), id: fc.constantFrom(...ids) }),
  actor: fc.constant({ kind: 'user' as const, id: 'u1' }),
  correlationId: fc.constant('c1'),
  causationId: fc.constant(null),
  data: fc.oneof(
    fc.constant(null),
    fc.record({ userId: fc.constantFrom('u1', 'u2') }),
    fc.record({ vmId: fc.constant('v1') }),
  ),
});

const hearsLive = (actor: Actor, event: EventEnvelope): boolean =>
  audienceOf(event).some((room) => roomsOf(actor).includes(room));

describe('rooms', () => {
  it('deliver live what a replay shows, and nothing else', () => {
    fc.assert(
      fc.property(actors, events, (actor, event) => {
        expect(hearsLive(actor, event)).toBe(mayHear(actor, event));
      }),
    );
  });

  it('keep events of a department from everybody outside of it', () => {
    fc.assert(
      fc.property(actors, events, (actor, event) => {
        fc.pre(
          actor.role === 'USER' && event.departmentId !== null && !actor.departmentIds.includes(event.departmentId),
        );
        fc.pre(event.resource.kind !== 'user' && JSON.stringify(event.data) !== `{"userId":"${actor.userId}"}`);
        expect(hearsLive(actor, event)).toBe(false);
      }),
    );
  });
});
