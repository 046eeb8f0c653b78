import pg from 'pg';

interface Queries {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
}

/** The part of a Prisma client that the platform's libraries need, on a plain pool: they know no service's tables. */
export class PoolClient implements Queries {
  private readonly pool: pg.Pool;

  /** @param url of a TestDatabase */
  constructor(url: string) {
    const plain = new URL(url);
    plain.search = '';
    this.pool = new pg.Pool({ connectionString: plain.href, max: 20 });
    // Connections that the server ends: the statements that they were for fail by themselves.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (connection) => connection.on('error', () => undefined));
  }

  async $transaction<R>(work: (tx: Queries) => Promise<R>): Promise<R> {
    const connection = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await connection.query('BEGIN');
      const result = await work(queriesOn(connection));
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      await connection.query('ROLLBACK').catch(() => {
        broken = new Error('the connection is gone');
      });
      throw error;
    } finally {
      connection.release(broken);
    }
  }

  $queryRawUnsafe<T>(query: string, ...values: unknown[]): Promise<T> {
    return queriesOn(this.pool).$queryRawUnsafe<T>(query, ...values);
  }

  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number> {
    return queriesOn(this.pool).$executeRawUnsafe(query, ...values);
  }

  async $connect(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  $disconnect(): Promise<void> {
    return this.pool.end();
  }
}

const queriesOn = (queryable: Pick<pg.Pool, 'query'>): Queries => ({
  $queryRawUnsafe: async <T>(query: string, ...values: unknown[]) => (await queryable.query(query, values)).rows as T,
  $executeRawUnsafe: async (query: string, ...values: unknown[]) =>
    (await queryable.query(query, values)).rowCount ?? 0,
});
