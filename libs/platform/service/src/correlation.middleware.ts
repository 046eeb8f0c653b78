import type { NextFunction, Request, Response } from 'express';
import { ACTOR_HEADER } from '@infinibay/platform-access';
import { acceptCorrelationId, runInContext } from '@infinibay/platform-logging';
import { decodeJwt } from 'jose';

export const CORRELATION_HEADER = 'x-correlation-id';

/** Opens the request context: correlation id from the client or a new one, returned in the answer. */
export const correlationMiddleware =
  (service: string) =>
  (request: Request, response: Response, next: NextFunction): void => {
    const correlationId = acceptCorrelationId(request.headers[CORRELATION_HEADER]);
    response.setHeader(CORRELATION_HEADER, correlationId);
    const userId = actorIdOf(request.headers[ACTOR_HEADER]);
    const actor =
      userId === undefined ? ({ kind: 'service', id: service } as const) : ({ kind: 'user', id: userId } as const);
    runInContext({ correlationId, causationId: null, actor }, next);
  };

/** Only names the actor in logs and events; the GraphQL context verifies the signature before anything runs. */
const actorIdOf = (header: unknown): string | undefined => {
  if (typeof header !== 'string') return undefined;
  try {
    const actor = decodeJwt(header)['actor'];
    const userId: unknown = typeof actor === 'object' && actor !== null && 'userId' in actor ? actor.userId : undefined;
    return typeof userId === 'string' ? userId : undefined;
  } catch {
    return undefined;
  }
};
