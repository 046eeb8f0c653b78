// What a system costs that nobody uses.
import { setTimeout as delay } from 'node:timers/promises';

import { SCHEMA_NAMES } from '@infinibay/contracts';
import type pg from 'pg';

import { RunningSystem } from '../../tools/e2e/running-system.ts';
import { cleanUp } from '../cleanup.ts';
import { boundedFigure, type Figure } from '../report/figure.ts';
import { databaseOf } from '../stack-database.ts';

const SETTLES_MS = 20_000;
const WATCHED_MS = 60_000;

/** Rows that were changed in each schema since PostgreSQL began. */
async function updates(client: pg.Client): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ schema: string; updates: number }>(
    `SELECT schemaname AS schema, sum(n_tup_upd + n_tup_ins + n_tup_del)::int AS updates
     FROM pg_stat_user_tables GROUP BY schemaname`,
  );
  return new Map(rows.map(({ schema, updates: count }) => [schema, count]));
}

/** How many rows a second each service changes in its schema while nobody asks for anything. */
export async function measureIdleWrites(say: (line: string) => void): Promise<readonly Figure[]> {
  say('starting the whole stack');
  const system = await RunningSystem.start();
  const client = databaseOf(system);
  const stop = cleanUp(async () => {
    await client.end().catch(() => undefined);
    await system.stop();
  });
  try {
    await client.connect();
    await delay(SETTLES_MS);
    say(`watching PostgreSQL for ${String(WATCHED_MS / 1_000)} s`);
    const before = await updates(client);
    await delay(WATCHED_MS);
    const after = await updates(client);
    return SCHEMA_NAMES.map((schema) => {
      const count = (after.get(schema) ?? 0) - (before.get(schema) ?? 0);
      return boundedFigure(`${schema}.idleWrites`, count / (WATCHED_MS / 1_000), 'rows/s', '<= 1');
    });
  } finally {
    await stop();
  }
}
