import { DomainError } from '@infinibay/contracts';
import { findContext } from '@infinibay/platform-logging';

/**
 * Codes with which PostgreSQL, its driver, Node's sockets and Prisma say that the database cannot be asked now, rather
 * than that the question was wrong: connection exceptions (class 08), shutdown and crash (57P), too many connections or
 * no resources (class 53), a cancelled statement, a read-only replica, and Prisma's own for the same.
 */
const UNAVAILABLE =
  /^(?:08...|57P0[1-5]|57014|53...|25006|58030|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|P1001|P1002|P1008|P1017|P2024|P2028|P2037)$/;
const UNAVAILABLE_KINDS: ReadonlySet<string> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'TooManyConnections',
  'SocketTimeout',
  'TlsConnectionError',
]);
/** The driver has no code for these. */
const UNAVAILABLE_TEXT =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end|the database system is)/;
/** A deadlock that this transaction lost, or rows that another one changed first: nothing of it is kept, and it may be begun again. */
const CONFLICT = /^(?:40001|40P01|P2034)$/;
const MAX_CAUSES = 8;
/** Prisma, the driver adapter, pg and Node each keep the cause under a name of their own. */
const CAUSE_KEYS = ['cause', 'driverAdapterError', 'meta'] as const;

/** Whether an error, or what caused it, says that PostgreSQL does not answer now. */
export const isDatabaseUnavailable = (error: unknown): boolean => isOrWasCausedBy(error, saysUnavailable);

/** Whether an error, or what caused it, says that PostgreSQL rolled a transaction back for the sake of another one. */
export const isTransactionConflict = (error: unknown): boolean =>
  isOrWasCausedBy(error, (one) => codesOf(one).some((code) => CONFLICT.test(code)));

const isOrWasCausedBy = (error: unknown, says: (one: Fields) => boolean): boolean => {
  let level: unknown[] = [error];
  for (let depth = 0; depth < MAX_CAUSES && level.length > 0; depth += 1) {
    if (level.some((one) => isRecord(one) && says(one))) return true;
    level = level.flatMap(causesOf);
  }
  return false;
};

/**
 * SERVICE_UNAVAILABLE for a database that does not answer or that gave other transactions the preference, or why the
 * request ended when that cut its statement off; undefined for every other error.
 */
export const databaseFailure = (error: unknown): DomainError | undefined => {
  if (error instanceof DomainError) return undefined;
  if (isTransactionConflict(error))
    return new DomainError('SERVICE_UNAVAILABLE', { dependency: 'postgresql', reason: 'conflict' }, { cause: error });
  if (!isDatabaseUnavailable(error)) return undefined;
  const reason: unknown = findContext()?.signal?.reason;
  if (reason instanceof DomainError) return new DomainError(reason.code, reason.details, { cause: error });
  return new DomainError('SERVICE_UNAVAILABLE', { dependency: 'postgresql' }, { cause: error });
};

type Fields = Readonly<Record<string, unknown>>;

const saysUnavailable = (error: Fields): boolean => {
  const { kind, message } = error;
  return (
    codesOf(error).some((code) => UNAVAILABLE.test(code)) ||
    (typeof kind === 'string' && UNAVAILABLE_KINDS.has(kind)) ||
    (typeof message === 'string' && UNAVAILABLE_TEXT.test(message))
  );
};

const codesOf = ({ code, originalCode }: Fields): string[] =>
  [code, originalCode].filter((one): one is string => typeof one === 'string');

const causesOf = (error: unknown): unknown[] => {
  if (!isRecord(error)) return [];
  const { errors } = error;
  return [...CAUSE_KEYS.map((key) => error[key]), ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
};

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !(value instanceof DomainError && value.kind !== 'internal');
