import { DomainError } from '@infinibay/contracts';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import { sendFailure } from '@infinibay/platform-service';
import type { RequestHandler, Response } from 'express';
import { checkRequest, type CheckOptions } from '../limits/check-request.js';

const COST = 'infinibay.cost';

/** What the guard found the request's query to cost. */
export const costOf = (response: Response): number => {
  const cost: unknown = response.locals[COST];
  return typeof cost === 'number' ? cost : 0;
};

/**
 * Lets only bounded requests reach the GraphQL server. POST with a JSON body is the one way in: a browser asks for
 * permission first before it sends that to another origin, so no form or link of another site can do anything here.
 */
export const requestGuard = (options: CheckOptions, metrics: MetricsRegistry): RequestHandler => {
  const refused = metrics.counter(
    'infinibay_graphql_refused_total',
    'GraphQL requests refused before they were planned',
    ['code'],
  );
  return (request, response, next) => {
    try {
      if (request.method !== 'POST') throw new DomainError('INVALID_INPUT', { reason: 'only POST is served' });
      if (request.is('application/json') === false)
        throw new DomainError('INVALID_INPUT', { reason: 'the content type must be application/json' });
      response.locals[COST] = checkRequest(request.body, options).cost;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      refused.inc({ code: error.code });
      sendFailure(response, error);
      return;
    }
    next();
  };
};
