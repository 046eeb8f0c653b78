import type { DomainError, ErrorCode, ErrorKind } from '@infinibay/contracts';
import type { Response } from 'express';

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  unavailable: 503,
  timeout: 504,
  internal: 500,
};

const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  REQUEST_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  TOO_MANY_ATTEMPTS: 429,
};

/** HTTP status of a request that fails as a whole, before any field was resolved. */
export const statusOf = (error: DomainError): number => STATUS_OF_CODE[error.code] ?? STATUS[error.kind];

/** Answers in GraphQL's form, so that clients need one way to read errors. */
export const sendFailure = (response: Response, error: DomainError): void => {
  response.status(statusOf(error)).json({
    errors: [{ message: error.message, extensions: { code: error.code, kind: error.kind, details: error.details } }],
  });
};
