import { DomainError } from '@infinibay/contracts';
import { DEADLINE_HEADER } from '@infinibay/platform-access';
import type { Request, Response } from 'express';

/** For callers that do not say how long they wait; also the most that is believed. */
export const MAX_REQUEST_MS = 30_000;

/** Ends when the caller waits no longer: at its deadline, or when its connection closes. */
export const requestSignal = (request: Request, response: Response): AbortSignal => {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DomainError('DEADLINE_EXCEEDED'));
  }, remainingMs(request.headers[DEADLINE_HEADER]));
  timer.unref();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableFinished)
      controller.abort(new DomainError('DEADLINE_EXCEEDED', { reason: 'the caller went away' }));
  });
  return controller.signal;
};

const remainingMs = (header: unknown): number => {
  const given = typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : MAX_REQUEST_MS;
  return Math.min(given, MAX_REQUEST_MS);
};
