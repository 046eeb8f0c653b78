import { PrismaPg } from '@prisma/adapter-pg';

/** The driver adapter of a service's Prisma client; `schema` is the service's own. */
export const createAdapter = (options: { url: string; poolSize: number; schema: string }): PrismaPg =>
  new PrismaPg(
    {
      connectionString: options.url,
      max: options.poolSize,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      application_name: `infinibay-${options.schema}`,
      // Raw statements of the platform name their tables without a schema.
      options: `-c search_path=${options.schema}`,
    },
    { schema: options.schema },
  );
