import { DomainError } from '@infinibay/contracts';
import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { withErrorFields } from './error-fields.js';
import { LogDestination } from './log-destination.js';
import { findContext } from './request-context.js';

export type { Logger } from 'pino';

export interface LoggingOptions {
  readonly service: string;
  readonly level: string;
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

const STANDARD_OUTPUT = 1;

const REDACTED_PATHS = ['password', 'token', 'accessToken', 'authorization', 'secret', 'cookie'].flatMap((key) => [
  key,
  `*.${key}`,
  `*.*.${key}`,
]);

const prettyTransport = {
  target: 'pino-pretty',
  options: { colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' },
};

/** One JSON object a line (control characters are escaped, so a line stays a line), correlation id included. */
export const createLogger = (options: LoggingOptions): Logger => {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => withErrorFields(fields) as Record<string, unknown>,
    },
    // By then they are plain fields.
    serializers: { err: (err: unknown) => err },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    mixin: () => {
      const context = findContext();
      return context === undefined
        ? {}
        : { correlationId: context.correlationId, actor: `${context.actor.kind}:${context.actor.id}` };
    },
  };
  if (options.destination !== undefined) return pino(settings, options.destination);
  if (options.format === 'json') return pino(settings, new LogDestination(STANDARD_OUTPUT, options.service));
  // Level formatters are not allowed together with a transport.
  const { formatters, ...rest } = settings;
  return pino({ ...rest, formatters: { log: formatters.log }, transport: prettyTransport });
};

/** Nest's own messages, through the same logger. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ nest: context(rest) }, text(message));
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn({ nest: context(rest) }, text(message));
  }
  error(message: unknown, ...rest: unknown[]): void {
    const err = message instanceof Error ? message : undefined;
    // Nest reports whatever a resolver throws; an expected refusal is no error of the service.
    if (err instanceof DomainError && err.kind !== 'internal') {
      this.logger.debug({ nest: context(rest), code: err.code, details: err.details }, text(message));
      return;
    }
    this.logger.error(
      { nest: context(rest), err, stack: err === undefined ? stackOf(rest) : undefined },
      text(message),
    );
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ nest: context(rest) }, text(message));
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ nest: context(rest) }, text(message));
  }
}

const text = (message: unknown): string =>
  message instanceof Error ? message.message : typeof message === 'string' ? message : JSON.stringify(message);
const context = (rest: readonly unknown[]): unknown => rest.at(-1);
const stackOf = (rest: readonly unknown[]): unknown => (rest.length > 1 ? rest[0] : undefined);
