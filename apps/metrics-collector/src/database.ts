import { createAdapter } from '@infinibay/platform-persistence';
import type { CollectorConfig } from './config.js';
import { PrismaClient } from './generated/prisma/client.js';

export { PrismaClient };

export const createDatabase = (config: Pick<CollectorConfig, 'DATABASE_URL' | 'DATABASE_POOL_SIZE'>): PrismaClient =>
  new PrismaClient({
    adapter: createAdapter({ url: config.DATABASE_URL, poolSize: config.DATABASE_POOL_SIZE, schema: 'metrics' }),
  });
