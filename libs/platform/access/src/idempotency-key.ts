/** Header with which clients say the key of a mutation whose input has none (draft-ietf-httpapi-idempotency-key-header). */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
/** More than a key can be with its quotes and escapes: what is longer is refused like any that is no key. */
const MAX_LENGTH = 400;
const STRUCTURED = /^"((?:[^"\\]|\\["\\])*)"$/;

/** The key that a header says: in quotes, as the draft has it, or without; undefined when there is none. */
export const idempotencyKeyIn = (header: unknown): string | undefined => {
  if (typeof header !== 'string') return undefined;
  const text = header.slice(0, MAX_LENGTH);
  return STRUCTURED.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1') ?? text;
};
