import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SchemaName } from '@infinibay/contracts';
import pg from 'pg';
import { testVariable } from './test-environment.js';

const PRISMA_DIR = fileURLToPath(new URL('../../../prisma', import.meta.url));

export interface TestDatabase {
  /** Connection string with the service's own role and `?schema=`, as the service gets it in production. */
  readonly url: string;
  /** The same database as superuser, for looking at it and breaking it from outside. */
  readonly adminUrl: string;
  /** Applies the migrations that were left out. */
  readonly migrateFurther: () => Promise<void>;
  /** Ends every connection to the database and removes it and its role. */
  readonly drop: () => Promise<void>;
}

/**
 * A new database with one service's schema and its migrations, owned by a role that can see nothing else.
 * @param before leaves out this migration and all after it; with none all are applied
 * @throws Error when the runner gave no server, or a migration fails (the message names its file).
 */
export const createTestDatabase = async (schema: SchemaName, before?: string): Promise<TestDatabase> => {
  const serverUrl = testVariable('INFINIBAY_TEST_DATABASE_URL');
  const name = `test_${schema}_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await execute(serverUrl, [
    `CREATE ROLE ${name} LOGIN NOSUPERUSER PASSWORD '${password}'`,
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`,
  ]);
  const adminUrl = urlOf(serverUrl, { database: name });
  await execute(adminUrl, [
    `CREATE SCHEMA ${schema} AUTHORIZATION ${name}`,
    `ALTER ROLE ${name} SET search_path = ${schema}`,
    `REVOKE ALL ON SCHEMA public FROM PUBLIC`,
  ]);
  const url = urlOf(serverUrl, { database: name, user: name, password });
  await migrate(url, schema, (name) => before === undefined || name < before);
  return {
    url: `${url}?schema=${schema}`,
    adminUrl,
    migrateFurther: () => migrate(url, schema, (name) => before !== undefined && name >= before),
    drop: () => execute(serverUrl, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, `DROP ROLE IF EXISTS ${name}`]),
  };
};

const urlOf = (serverUrl: string, parts: { database: string; user?: string; password?: string }): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${parts.database}`;
  url.search = '';
  if (parts.user !== undefined) url.username = parts.user;
  if (parts.password !== undefined) url.password = parts.password;
  return url.href;
};

const execute = async (url: string, statements: readonly string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};

/** Applies the files in order, each as one transaction, as a deploy does but without its bookkeeping. */
const migrate = async (url: string, schema: SchemaName, isWanted: (name: string) => boolean): Promise<void> => {
  const folder = join(PRISMA_DIR, schema, 'migrations');
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'migration.sql')));
  for (const name of names.filter(isWanted).sort()) {
    const file = join(folder, name, 'migration.sql');
    try {
      await execute(url, [readFileSync(file, 'utf8')]);
    } catch (error) {
      throw new Error(`migration ${schema}/${name} failed`, { cause: error });
    }
  }
};
