import { PrismaPg } from '@prisma/adapter-pg';
import { createBoundedPool } from './bounded-pool.js';

/** The driver adapter of a service's Prisma client; `schema` is the service's own. */
export const createAdapter = (options: { url: string; poolSize: number; schema: string }): PrismaPg =>
  new PrismaPg(
    createBoundedPool({
      connectionString: options.url,
      max: options.poolSize,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      application_name: `infinibay-${options.schema}`,
      // Raw statements of the platform name their tables without a schema. What a killed service left running is ended.
      options: `-c search_path=${options.schema} -c client_connection_check_interval=5s`,
    }),
    { schema: options.schema, disposeExternalPool: true },
  );

/** As every service's configuration names it. */
export interface DatabaseSettings {
  readonly DATABASE_URL: string;
  readonly DATABASE_POOL_SIZE: number;
}

/** What a service's Prisma client is made with; `schema` is the service's own. */
export const clientOptions = (settings: DatabaseSettings, schema: string): { adapter: PrismaPg } => ({
  adapter: createAdapter({ url: settings.DATABASE_URL, poolSize: settings.DATABASE_POOL_SIZE, schema }),
});
