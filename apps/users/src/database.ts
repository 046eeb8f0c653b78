import { createAdapter } from '@infinibay/platform-persistence';
import { Prisma, PrismaClient } from './generated/prisma/client.js';

/** The service's Prisma client, as a class that Nest can inject. */
export class Database extends PrismaClient {
  constructor(options: { readonly url: string; readonly poolSize: number }) {
    super({ adapter: createAdapter({ ...options, schema: 'users' }) });
  }
}

/** The client or one of its transactions: what repositories work with. */
export type Transaction = Prisma.TransactionClient;

/** Whether a unique index refused the row. The transaction is over then. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
