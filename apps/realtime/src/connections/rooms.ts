import { can } from '@infinibay/access-domain';
import type { Actor, EventEnvelope } from '@infinibay/contracts';

export const ADMIN_ROOM = 'admin';
export const userRoom = (userId: string): string => `user:${userId}`;
export const departmentRoom = (departmentId: string): string => `department:${departmentId}`;
/** Of those who watch a VM of this department: whoever did when it was of another one is in another room. */
export const vmRoom = (departmentId: string, vmId: string): string => `vm:${departmentId}:${vmId}`;

/** The rooms that an actor belongs to; those of VMs come by subscription. */
export const roomsOf = (actor: Actor): string[] => [
  userRoom(actor.userId),
  ...(actor.role === 'ADMIN' ? [ADMIN_ROOM] : actor.departmentIds.map(departmentRoom)),
];

/** The users that an event is about: they hear of it even when it belongs to no department of theirs. */
const subjectsOf = (event: EventEnvelope): string[] => {
  const fromData =
    typeof event.data === 'object' && event.data !== null && 'userId' in event.data ? event.data.userId : undefined;
  const ids = [
    event.resource.kind === 'user' ? event.resource.id : undefined,
    typeof fromData === 'string' ? fromData : undefined,
  ];
  return [...new Set(ids.filter((id) => id !== undefined))];
};

/** Rooms that hear of an event; a socket in several of them hears of it once. */
export const audienceOf = (event: EventEnvelope): string[] => [
  ADMIN_ROOM,
  ...(event.departmentId === null ? [] : [departmentRoom(event.departmentId)]),
  ...subjectsOf(event).map(userRoom),
];

/** The twin of audienceOf() for replays: whether this actor may hear of the event. */
export const mayHear = (actor: Actor, event: EventEnvelope): boolean =>
  can(actor, 'read', { kind: 'department', departmentId: event.departmentId }) ||
  subjectsOf(event).some((userId) => can(actor, 'read', { kind: 'user', departmentId: null, userId }));
