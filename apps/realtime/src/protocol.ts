import type { ActorRole, EventEnvelope, GuestSample, WireError } from '@infinibay/contracts';

/** An event with its place in the stream: higher is later, and each has its own. */
export type SequencedEvent = EventEnvelope & { readonly sequence: number };

/** Who the connection speaks for; sent once after connecting. */
export interface SessionInfo {
  readonly userId: string;
  readonly role: ActorRole;
  readonly departmentIds: readonly string[];
  /** ISO time at which the access token ends; send `auth:refresh` before. */
  readonly expiresAt: string;
  /** Events up to this one came before the connection: ask for missed ones by `resume`. */
  readonly sequence: number;
}

export interface Failed {
  readonly ok: false;
  readonly error: WireError;
}
export type Answer<T extends object = object> = ({ readonly ok: true } & T) | Failed;

export interface Replay {
  /** In order; those that came meanwhile may come live as well: tell them apart by `sequence`. */
  readonly events: readonly SequencedEvent[];
  /** Where to go on: all visible events up to this one were in the answers. */
  readonly lastSequence: number;
  /** There is more after lastSequence. */
  readonly more: boolean;
  /** Events were asked for that are no longer stored: read the state anew. */
  readonly gap: boolean;
}

export interface ClientToServer {
  'vm:subscribe': (request: { vmId: string }, answer: (result: Answer) => void) => void;
  'vm:unsubscribe': (request: { vmId: string }, answer: (result: Answer) => void) => void;
  'auth:refresh': (request: { token: string }, answer: (result: Answer<{ expiresAt: string }>) => void) => void;
  resume: (request: { afterSequence: number }, answer: (result: Answer<Replay>) => void) => void;
}

export interface ServerToClient {
  session: (session: SessionInfo) => void;
  event: (event: SequencedEvent) => void;
  /** Live guest metrics; a newer sample replaces one that could not be sent in time. */
  metrics: (sample: GuestSample) => void;
  /** The right to a subscribed VM was lost, or the VM is deleted, or of another department. */
  'vm:unsubscribed': (notice: { vmId: string; code: string }) => void;
  /** The last message before the server closes the connection. */
  'session:ended': (notice: { code: string; message: string }) => void;
}
