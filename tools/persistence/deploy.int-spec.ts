import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { testVariable } from '@infinibay/testing';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { deploy } from './deploy.ts';
import { ROOT } from './services.ts';

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

const migrations = readdirSync(join(ROOT, 'prisma/firewall/migrations'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

describe(deploy, () => {
  const server = testVariable('INFINIBAY_TEST_DATABASE_URL');
  const made: string[] = [];
  let url = '';

  beforeEach(async () => {
    const name = `deploy_${randomUUID().replaceAll('-', '')}`;
    await query(server, `CREATE DATABASE ${name}`);
    made.push(name);
    const target = new URL(server);
    target.pathname = `/${name}`;
    url = target.href;
  });
  afterAll(async () => {
    for (const name of made) await query(server, `DROP DATABASE ${name} WITH (FORCE)`);
  });

  it('applies every migration in order, writes that down as Prisma does, and nothing the second time', async () => {
    expect(await deploy('firewall', url)).toEqual(migrations);
    const written = await query(url, 'SELECT migration_name, finished_at FROM firewall._prisma_migrations ORDER BY 1');
    expect(written).toEqual(migrations.map((name) => ({ migration_name: name, finished_at: expect.any(Date) })));
    expect(await deploy('firewall', url)).toEqual([]);
  });

  it('applies each once when several deploy at once', async () => {
    const applied = await Promise.all([deploy('firewall', url), deploy('firewall', url), deploy('firewall', url)]);
    expect(applied.flat().sort()).toEqual(migrations);
  });

  it('leaves a schema alone that somebody else filled', async () => {
    await query(url, 'CREATE SCHEMA firewall; CREATE TABLE firewall.outbox (somebody_elses int)');
    await expect(deploy('firewall', url)).rejects.toThrow(/P3005/);
  });

  it('names a migration that fails, and goes no further until somebody mended it', async () => {
    await deploy('firewall', url);
    const [first = ''] = migrations;
    await query(url, `DELETE FROM firewall._prisma_migrations WHERE migration_name = '${first}'`);
    await expect(deploy('firewall', url)).rejects.toThrow(new RegExp(`already exists[^]*${first}`));
    await expect(deploy('firewall', url)).rejects.toThrow(/P3009/);
  });

  it('says that a server is not there', async () => {
    const target = new URL(url);
    target.port = '1';
    await expect(deploy('firewall', target.href)).rejects.toThrow(
      /migrations of firewall were not applied|127\.0\.0\.1/,
    );
  });
});
