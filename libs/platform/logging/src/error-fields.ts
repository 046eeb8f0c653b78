import { DomainError } from '@infinibay/contracts';

/** Deeper causes repeat what was said; a cause that refers to itself ends here too. */
const LONGEST_CHAIN = 8;
/** How deep in an object errors are looked for: `{ outcome: { reason: error } }`. */
const DEEPEST = 3;

export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly details?: unknown;
  readonly stack?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/**
 * An error as a line of the log tells it, with every cause's message. JSON.stringify shows nothing of an error but what
 * was assigned to it: its message is lost, wherever in the object it stands.
 */
export const errorFields = (error: Error, depth = 0): ErrorFields => {
  const { code } = error as { code?: unknown };
  const cause = error.cause;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof DomainError
      ? { details: withErrorFields(error.details, depth + 1) }
      : extraFields(error, depth)),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(cause === undefined || depth >= LONGEST_CHAIN ? {} : { cause: causeFields(cause, depth) }),
    ...(error instanceof AggregateError && depth < LONGEST_CHAIN
      ? { errors: error.errors.slice(0, LONGEST_CHAIN).map((one: unknown) => causeFields(one, depth)) }
      : {}),
  };
};

const causeFields = (cause: unknown, depth: number): unknown =>
  cause instanceof Error ? errorFields(cause, depth + 1) : withErrorFields(cause, 1);

const SHOWN_ALREADY = new Set(['name', 'message', 'stack', 'cause', 'code', 'errors']);

/** What a library assigned to its error: libvirt's call and domain, the program's stderr. */
const extraFields = (error: Error, depth: number): Record<string, unknown> =>
  depth > LONGEST_CHAIN
    ? {}
    : Object.fromEntries(
        Object.entries(error)
          .filter(([key, value]) => !SHOWN_ALREADY.has(key) && (typeof value !== 'object' || value === null))
          .slice(0, 20),
      );

/** The same value with every error in it turned into its fields; anything else stays the object that it is. */
export const withErrorFields = (value: unknown, depth = 0): unknown => {
  if (value instanceof Error) return errorFields(value);
  if (typeof value !== 'object' || value === null || depth >= DEEPEST || !hasError(value, depth)) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => withErrorFields(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withErrorFields(one, depth + 1)]));
};

const hasError = (value: object, depth: number): boolean =>
  (Array.isArray(value) ? value : Object.values(value)).some(
    (one: unknown) =>
      one instanceof Error ||
      (typeof one === 'object' && one !== null && depth + 1 < DEEPEST && hasError(one, depth + 1)),
  );
