import { DomainError, ERROR_CODES, isErrorCode, type ErrorCode } from '@infinibay/contracts';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { warnSeldom, type Logger } from '@infinibay/platform-logging';
import { databaseFailure } from '@infinibay/platform-persistence';

/** Errors of GraphQL repeat what the client has written. */
const LONGEST_MESSAGE = 300;

/** Apollo's own codes, in our terms. */
const APOLLO_CODES: Readonly<Record<string, ErrorCode>> = {
  GRAPHQL_PARSE_FAILED: 'INVALID_INPUT',
  GRAPHQL_VALIDATION_FAILED: 'INVALID_INPUT',
  BAD_USER_INPUT: 'INVALID_INPUT',
  BAD_REQUEST: 'INVALID_INPUT',
  PERSISTED_QUERY_NOT_FOUND: 'INVALID_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'INVALID_INPUT',
};

/**
 * The GraphQL edge's one mapping: `extensions` carry code, kind and details. Unexpected errors are logged whole and
 * reach the client as INTERNAL without their text.
 */
export const formatGraphqlError =
  (logger: Logger) =>
  (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    const unavailable = databaseFailure(original);
    if (unavailable !== undefined) warnSeldom(logger, 'PostgreSQL does not answer', { err: original });
    const cause = unavailable ?? original;
    const base = { locations: formatted.locations, path: formatted.path };
    if (cause instanceof DomainError) {
      if (cause.kind === 'internal') logger.error({ err: cause, path: formatted.path }, 'resolver failed');
      return {
        ...base,
        message: cause.message,
        extensions: { code: cause.code, kind: cause.kind, details: cause.details },
      };
    }
    const code = formatted.extensions?.['code'];
    // An error that a subgraph already formatted passes through the gateway as it is.
    if (isErrorCode(code)) {
      const details = formatted.extensions?.['details'] ?? {};
      return { ...base, message: formatted.message, extensions: { code, kind: ERROR_CODES[code].kind, details } };
    }
    const known = typeof code === 'string' ? APOLLO_CODES[code] : undefined;
    if (known !== undefined) {
      return {
        ...base,
        message: formatted.message.slice(0, LONGEST_MESSAGE),
        extensions: { code: known, kind: ERROR_CODES[known].kind, details: {} },
      };
    }
    logger.error({ err: cause, path: formatted.path }, 'resolver failed');
    return {
      ...base,
      message: ERROR_CODES.INTERNAL.message,
      extensions: { code: 'INTERNAL', kind: 'internal', details: {} },
    };
  };
