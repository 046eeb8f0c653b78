import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';

/** What a client hears of an error; what went wrong inside stays in the log. */
export const toDomainError = (error: unknown, logger: Logger): DomainError => {
  if (error instanceof DomainError) return error;
  logger.error({ err: error }, 'a client message failed');
  return new DomainError('INTERNAL');
};
