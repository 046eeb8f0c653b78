import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { ActorRef } from '@infinibay/contracts';

/** What follows one request through HTTP, NATS and the host agent. */
export interface RequestContext {
  readonly correlationId: string;
  /** The message that is being handled; becomes the cause of what the handler emits. */
  readonly causationId: string | null;
  readonly actor: ActorRef;
  /** Ends when nobody waits for the answer any more; its reason is a DomainError. Absent where nobody waits. */
  readonly signal?: AbortSignal;
}

const storage = new AsyncLocalStorage<RequestContext>();
let serviceActor: ActorRef = { kind: 'service', id: 'unnamed' };

/** Set once at boot: who acts when no request is being handled. */
export const setServiceActor = (service: string): void => {
  serviceActor = { kind: 'service', id: service };
};

export const runInContext = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

/** A context for work that a service begins by itself, such as a reconcile round. */
export const newServiceContext = (correlationId: string = randomUUID()): RequestContext => ({
  correlationId,
  causationId: null,
  actor: serviceActor,
});

/** The context of the running request; a fresh service context outside of one. */
export const currentContext = (): RequestContext => storage.getStore() ?? newServiceContext();

export const findContext = (): RequestContext | undefined => storage.getStore();

/** Runs work that goes on when the one who began it waits no longer: others wait for it too, or it tidies up. */
export const withoutDeadline = <T>(work: () => T): T => {
  const { signal: _ofOne, ...context } = currentContext();
  return storage.run(context, work);
};

/** A client's correlation id is kept when it is harmless text, else replaced. */
export const acceptCorrelationId = (value: unknown): string =>
  typeof value === 'string' && /^[A-Za-z0-9._:-]{1,128}$/.test(value) ? value : randomUUID();
