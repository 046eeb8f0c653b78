import { readFileSync } from 'node:fs';

import pg from 'pg';

import type { RunningSystem } from '../tools/e2e/running-system.ts';
import { DATABASE_NAME } from '../tools/stack/database.ts';

/** A client of the stack's PostgreSQL that may read and write all schemas; not connected yet. */
export function databaseOf({ layout, state }: RunningSystem): pg.Client {
  const { postgresPassword } = JSON.parse(readFileSync(layout.secretsFile, 'utf8')) as { postgresPassword: string };
  return new pg.Client({
    host: '127.0.0.1',
    port: state.ports['postgres'],
    user: 'postgres',
    password: postgresPassword,
    database: DATABASE_NAME,
  });
}
