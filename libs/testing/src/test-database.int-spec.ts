import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from './test-database.js';

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

describe(createTestDatabase, () => {
  it('gives a database with the migrated schema, to a role without further rights, and removes both', async () => {
    const database = await createTestDatabase('users');
    expect(await query(database.url, 'SELECT current_schema() AS schema')).toEqual([{ schema: 'users' }]);
    expect(await query(database.url, 'SELECT count(*)::int AS waiting FROM outbox')).toEqual([{ waiting: 0 }]);
    await expect(query(database.url, 'CREATE ROLE intruder')).rejects.toThrow(/permission denied/);
    await database.drop();
    await expect(query(database.url, 'SELECT 1')).rejects.toThrow();
  });
});
