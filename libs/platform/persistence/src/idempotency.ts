import { createHash } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import type { SqlTransaction } from './sql-client.js';

export interface IdempotentCall {
  readonly actorId: string;
  readonly key: string;
  /** Name of the mutation; the same key may be used for different mutations. */
  readonly operation: string;
  /** What the client asked for, without the key. */
  readonly input: unknown;
}

/**
 * Runs `work` at most once per (actor, operation, key), in the caller's transaction, and remembers its result.
 * Parallel calls with one key wait for the first one's commit. `result` must be plain JSON, usually ids.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED when the key came with other input before.
 */
export const runOnce = async <T>(tx: SqlTransaction, call: IdempotentCall, work: () => Promise<T>): Promise<T> => {
  const inputHash = hashInput(call.input);
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO idempotency_keys (actor_id, operation, key, input_hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    call.actorId,
    call.operation,
    call.key,
    inputHash,
  );
  if (inserted === 0) return recall<T>(tx, call, inputHash);
  const result = await work();
  await tx.$executeRawUnsafe(
    `UPDATE idempotency_keys SET result = $4::jsonb WHERE actor_id = $1 AND operation = $2 AND key = $3`,
    call.actorId,
    call.operation,
    call.key,
    JSON.stringify(result ?? null),
  );
  return result;
};

/**
 * What the first call answered, or undefined when there was none or it is not over: runOnce() decides then. A replay asks
 * this before every other check, for what was checked may have changed since.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED when the key came with other input before.
 */
export const recallOnce = async <T>(tx: SqlTransaction, call: IdempotentCall): Promise<T | undefined> => {
  const [row] = await find<T>(tx, call);
  return row === undefined ? undefined : resultOf(row, call, hashInput(call.input));
};

const recall = async <T>(tx: SqlTransaction, call: IdempotentCall, inputHash: string): Promise<T> => {
  const [row] = await find<T>(tx, call);
  return resultOf(row, call, inputHash);
};

interface Remembered<T> {
  readonly input_hash: string;
  readonly result: T;
}

const find = <T>(tx: SqlTransaction, call: IdempotentCall): PromiseLike<Remembered<T>[]> =>
  tx.$queryRawUnsafe<Remembered<T>[]>(
    `SELECT input_hash, result FROM idempotency_keys WHERE actor_id = $1 AND operation = $2 AND key = $3`,
    call.actorId,
    call.operation,
    call.key,
  );

const resultOf = <T>(row: Remembered<T> | undefined, call: IdempotentCall, inputHash: string): T => {
  if (row?.input_hash !== inputHash) throw new DomainError('IDEMPOTENCY_KEY_REUSED', { operation: call.operation });
  return row.result;
};

/**
 * The same input gives the same hash, however it is written: keys in any order, fields that are null, undefined or left
 * out, -0 and 0, text in any Unicode normal form, a date and its ISO text.
 * Defaults that the schema fills in are the same too, as long as the checked input is given here.
 */
export const hashInput = (input: unknown): string => createHash('sha256').update(canonical(input)).digest('hex');

const canonical = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC'));
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .map(([key, field]): [string, string] => [key.normalize('NFC'), canonical(field)])
      // Also what JSON makes null of: NaN, an infinite number, a date that is none.
      .filter(([, text]) => text !== 'null')
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
  }
  // -0 becomes 0; what JSON has no word for becomes null, as it does on the wire.
  return JSON.stringify(value === 0 ? 0 : value) ?? 'null';
};
