import { SUBGRAPHS, type ServiceName } from '@infinibay/contracts';
import type { NextFunction, Request, Response } from 'express';
import { ACTOR_HEADER, INTERNAL_HEADER_PREFIX } from '@infinibay/platform-access';
import { acceptCorrelationId, runInContext } from '@infinibay/platform-logging';
import { decodeJwt } from 'jose';
import { requestSignal } from './request-signal.js';

export const CORRELATION_HEADER = 'x-correlation-id';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Opens the request context: correlation id from the client or a new one, returned in the answer, and
 * until when the caller waits. Only a subgraph is
 * called by our own services; everywhere else headers of internal meaning come from outside and are removed.
 */
export const correlationMiddleware = (service: ServiceName) => {
  const isSubgraph = SUBGRAPHS.some((subgraph) => subgraph === service);
  return (request: Request, response: Response, next: NextFunction): void => {
    if (!isSubgraph) removeInternalHeaders(request);
    const correlationId = acceptCorrelationId(request.headers[CORRELATION_HEADER]);
    response.setHeader(CORRELATION_HEADER, correlationId);
    const userId = isSubgraph ? actorIdOf(request.headers[ACTOR_HEADER]) : undefined;
    const actor =
      userId === undefined ? ({ kind: 'service', id: service } as const) : ({ kind: 'user', id: userId } as const);
    // A socket and a page of metrics have no deadline; only what the gateway asks has.
    const signal = isSubgraph ? requestSignal(request, response) : undefined;
    runInContext({ correlationId, causationId: null, actor, ...(signal === undefined ? {} : { signal }) }, next);
  };
};

const removeInternalHeaders = (request: Request): void => {
  for (const name of Object.keys(request.headers))
    if (name.startsWith(INTERNAL_HEADER_PREFIX)) Reflect.deleteProperty(request.headers, name);
};

/** Only names the actor in logs and events; the GraphQL context verifies the signature before anything runs. */
const actorIdOf = (header: unknown): string | undefined => {
  if (typeof header !== 'string') return undefined;
  try {
    const actor = decodeJwt(header)['actor'];
    const userId: unknown = typeof actor === 'object' && actor !== null && 'userId' in actor ? actor.userId : undefined;
    return typeof userId === 'string' && UUID.test(userId) ? userId : undefined;
  } catch {
    return undefined;
  }
};
