/**
 * The part of a generated Prisma client (or of its transaction) that the platform needs.
 * Every service has a client type of its own; they all have this in common.
 */
export interface SqlTransaction {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): PromiseLike<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): PromiseLike<number>;
}

export interface SqlClient<Tx extends SqlTransaction = SqlTransaction> extends SqlTransaction {
  $transaction<R>(work: (tx: Tx) => Promise<R>, options?: { maxWait?: number; timeout?: number }): Promise<R>;
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}

/** Injection token of the service's client, for platform parts that take any client. */
export const SQL_CLIENT = Symbol('SQL_CLIENT');
