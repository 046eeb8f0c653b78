import { ERROR_CODES, isErrorCode, type ErrorCode, type ErrorKind } from './error-codes.js';
import type { WireError } from '../messages/envelope.js';

/** Machine-readable facts about an error: field names, limits, ids. Never secrets. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An expected failure. Each edge (GraphQL, HTTP, NATS) maps it by `kind`, clients tell it by `code`. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: ErrorKind;

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options: { message?: string; cause?: unknown } = {},
  ) {
    super(options.message ?? ERROR_CODES[code].message, { cause: options.cause });
    this.kind = ERROR_CODES[code].kind;
  }

  /** What may cross a process boundary: no stack, no cause. */
  toWire(): WireError {
    return { code: this.code, kind: this.kind, message: this.message, details: this.details };
  }

  /** Rebuilds an error that a service sent; a code from a newer service becomes INTERNAL and keeps its text. */
  static fromWire(wire: WireError): DomainError {
    if (isErrorCode(wire.code)) {
      return new DomainError(wire.code, wire.details, { message: wire.message });
    }
    return new DomainError('INTERNAL', { ...wire.details, remoteCode: wire.code }, { message: wire.message });
  }
}

/** Errors after which trying again later can succeed without anybody changing anything. */
export const isRetryable = (error: unknown): boolean =>
  !(error instanceof DomainError) ||
  error.kind === 'unavailable' ||
  error.kind === 'timeout' ||
  error.kind === 'internal';
