import { DomainError } from '@infinibay/contracts';
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { warnSeldom, type Logger } from '@infinibay/platform-logging';
import { databaseFailure } from '@infinibay/platform-persistence';
import type { Response } from 'express';
import { sendFailure } from './http-failure.js';
import { LOGGER } from './platform.module.js';

/** What goes wrong before GraphQL (body too large, not JSON, no such path), in the form of GraphQL's errors. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return;
    const unavailable = databaseFailure(error);
    if (unavailable !== undefined) warnSeldom(this.logger, 'PostgreSQL does not answer', { err: error });
    const failure = unavailable ?? toDomainError(error);
    if (failure.kind === 'internal') this.logger.error({ err: error }, 'request failed');
    sendFailure(response, failure);
  }
}

const toDomainError = (error: unknown): DomainError => {
  if (error instanceof DomainError) return error;
  const status = error instanceof HttpException ? error.getStatus() : statusOfBodyParser(error);
  if (status === 413) return new DomainError('REQUEST_TOO_LARGE', {}, { cause: error });
  if (status === 404) return new DomainError('NOT_FOUND');
  if (status !== undefined && status >= 400 && status < 500) {
    return new DomainError(
      'INVALID_INPUT',
      { reason: error instanceof Error ? error.message : 'bad request' },
      { cause: error },
    );
  }
  return new DomainError('INTERNAL', {}, { cause: error });
};

const statusOfBodyParser = (error: unknown): number | undefined =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
