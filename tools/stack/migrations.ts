import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import pg from 'pg';

import { deploy } from '../persistence/deploy.ts';
import { isSchemaName } from '../persistence/services.ts';
import { filesBelow, hashOfFiles } from '../setup/content-hash.ts';
import { DATABASE_NAME, serviceDatabaseUrl } from './database.ts';
import { repositoryRoot, type StackLayout } from './layout.ts';
import { DEMO_EMAIL } from './services.ts';

export interface MigrationInputs {
  readonly layout: StackLayout;
  readonly port: number;
  readonly adminUrl: (database?: string) => string;
  /** By schema. */
  readonly passwords: Readonly<Record<string, string>>;
  /** A new database has no migrations, whatever we remember. */
  readonly databaseIsNew: boolean;
}

async function migrateSchema(inputs: MigrationInputs, schema: string): Promise<void> {
  if (!isSchemaName(schema)) return;
  await deploy(schema, serviceDatabaseUrl(inputs.port, { name: schema, password: inputs.passwords[schema] ?? '' }));
}

/** Applies pending migrations of every service, two at a time. Returns which schemas had any work done. */
export async function applyMigrations(inputs: MigrationInputs, schemas: readonly string[]): Promise<string[]> {
  const stampOf = (schema: string): string => path.join(inputs.layout.postgresDir, `migrations-${schema}.hash`);
  const hashFor = (schema: string): string =>
    hashOfFiles(filesBelow([path.join(repositoryRoot, 'prisma', schema, 'migrations')]));
  if (inputs.databaseIsNew) for (const schema of schemas) rmSync(stampOf(schema), { force: true });
  const pending = schemas.filter(
    (schema) => !existsSync(stampOf(schema)) || readFileSync(stampOf(schema), 'utf8') !== hashFor(schema),
  );
  const queue = [...pending];
  const worker = async (): Promise<void> => {
    for (let schema = queue.shift(); schema !== undefined; schema = queue.shift()) {
      await migrateSchema(inputs, schema);
      writeFileSync(stampOf(schema), hashFor(schema));
    }
  };
  await Promise.all([worker(), worker()]);
  return pending;
}

/** Whether an administrator exists besides the demo's account: if none does, the users service makes the first. */
export async function hasAdministrator(adminUrl: (database?: string) => string): Promise<boolean> {
  const client = new pg.Client({ connectionString: adminUrl(DATABASE_NAME) });
  await client.connect();
  try {
    const found = await client.query(`SELECT 1 FROM users.users WHERE role = 'ADMIN' AND email <> $1 LIMIT 1`, [
      DEMO_EMAIL,
    ]);
    return found.rowCount !== 0;
  } finally {
    await client.end();
  }
}
