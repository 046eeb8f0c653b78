import { createAdapter } from '@infinibay/platform-persistence';
import { PrismaClient, type Prisma } from './generated/prisma/client.js';

export { PrismaClient };
export type Transaction = Prisma.TransactionClient;

export const createDatabase = (config: { DATABASE_URL: string; DATABASE_POOL_SIZE: number }): PrismaClient =>
  new PrismaClient({
    adapter: createAdapter({ url: config.DATABASE_URL, poolSize: config.DATABASE_POOL_SIZE, schema: 'vms' }),
  });

/** Whether the error is a violated unique constraint. */
export const isUniqueViolation = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'P2002';
