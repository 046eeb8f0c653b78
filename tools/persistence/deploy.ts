import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { ApplyMigrationsInput, MigrationDirectory } from '@prisma/schema-engine-wasm/schema_engine_bg';

import { ROOT, type SchemaName } from './services.ts';

const ENGINE = join(ROOT, 'tools/persistence/schema-engine.ts');

interface Answer {
  readonly result?: { readonly appliedMigrationNames: readonly string[] };
  readonly error?: { readonly data: { readonly message: string; readonly error_code: string | null } };
}

/**
 * Applies pending migrations, and gives their names; parallel deploys of one schema wait for each other. Asks the schema
 * engine itself: the CLI before it costs four times the work, at each first start and in each job.
 * @throws Error that names the migration and what PostgreSQL said, or has Prisma's code: P3005 the schema is not ours,
 * P3009 a migration failed before and nobody mended it
 */
export async function deploy(schema: SchemaName, databaseUrl: string): Promise<readonly string[]> {
  const url = new URL(databaseUrl);
  url.searchParams.set('schema', schema);
  const input: ApplyMigrationsInput = {
    migrationsList: migrationsOf(schema),
    filters: { externalTables: [], externalEnums: [] },
  };
  const output = await askEngine(url.href, { id: 1, jsonrpc: '2.0', method: 'applyMigrations', params: input });
  const line = output.split('\n').find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`the schema engine did not answer for ${schema}:\n${output}`);
  const { result, error } = JSON.parse(line) as Answer;
  if (result !== undefined) return result.appliedMigrationNames;
  const { message = output, error_code: code = null } = error?.data ?? {};
  throw new Error(`migrations of ${schema} were not applied${code === null ? '' : ` (${code})`}: ${message}`);
}

function migrationsOf(schema: SchemaName): ApplyMigrationsInput['migrationsList'] {
  const baseDir = join(ROOT, 'prisma', schema, 'migrations');
  const lockfile = join(baseDir, 'migration_lock.toml');
  const migrationDirectories = readdirSync(baseDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name): MigrationDirectory => {
      const value = readFileSync(join(baseDir, name, 'migration.sql'), 'utf8');
      return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } };
    });
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: existsSync(lockfile) ? readFileSync(lockfile, 'utf8') : null },
    shadowDbInitScript: '',
    migrationDirectories,
  };
}

/** One request; the engine ends with its input. The address goes by the environment: it holds a password. */
function askEngine(databaseUrl: string, request: object): Promise<string> {
  const child = spawn(process.execPath, [ENGINE], {
    cwd: ROOT,
    env: { ...process.env, INFINIBAY_PRISMA_URL: databaseUrl },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${JSON.stringify(request)}\n`);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      resolve(output);
    });
  });
}
