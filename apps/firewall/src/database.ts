import { createAdapter } from '@infinibay/platform-persistence';
import type { FirewallConfig } from './config.js';
import { PrismaClient, type Prisma } from './generated/prisma/client.js';

/** The service's own tables. */
export class Database extends PrismaClient {}

export type Transaction = Prisma.TransactionClient;

/** Bursts queue for a connection instead of failing; a transaction of ours takes milliseconds. */
export const TRANSACTION_LIMITS = { maxWait: 10_000, timeout: 10_000 } as const;

export const createDatabase = (config: Pick<FirewallConfig, 'DATABASE_URL' | 'DATABASE_POOL_SIZE'>): Database =>
  new Database({
    adapter: createAdapter({ url: config.DATABASE_URL, poolSize: config.DATABASE_POOL_SIZE, schema: 'firewall' }),
  });
