/**
 * node tools/persistence/prisma.ts <schema|all> generate          writes the typed client of a service
 * node tools/persistence/prisma.ts <schema> new <name>            makes the migration for the changes in its schema files
 * node tools/persistence/prisma.ts <schema|all> deploy            applies pending migrations
 * DATABASE_URL: needed by `new` (any server; a shadow database is made) and `deploy`; `?schema=` is set here.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deploy } from './deploy.ts';
import { APP_OF_SCHEMA, ROOT, SCHEMA_NAMES, isSchemaName, type SchemaName } from './services.ts';

const PRISMA_CLI = join(ROOT, 'node_modules/prisma/build/index.js');

const runPrisma = (
  schema: SchemaName,
  folder: string,
  args: readonly string[],
  databaseUrl?: string,
): Promise<string> => {
  const url = databaseUrl === undefined ? undefined : new URL(databaseUrl);
  url?.searchParams.set('schema', schema);
  const child = spawn(
    process.execPath,
    [PRISMA_CLI, ...args, '--config', join(ROOT, 'tools/persistence/prisma.config.ts')],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        PATH: `${join(process.execPath, '..')}:${process.env['PATH'] ?? ''}`,
        INFINIBAY_PRISMA_FOLDER: folder,
        ...(url === undefined ? {} : { INFINIBAY_PRISMA_URL: url.href }),
        PRISMA_SCHEMA_ENGINE_BINARY: join(ROOT, 'tools/persistence/schema-engine.ts'),
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`prisma ${args.join(' ')} for ${schema} ended with ${code}:\n${output}${errors}`));
    });
  });
};

/**
 * The schema folder with the generator's output pointed at the app. A copy, because Prisma resolves `output`
 * from the file that names it and the platform's file is shared.
 */
const stage = (schema: SchemaName): { folder: string; done: () => void } => {
  const base = join(ROOT, 'node_modules/.cache/infinibay-prisma');
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, `${schema}-`));
  cpSync(join(ROOT, 'prisma', schema), folder, { recursive: true, dereference: true });
  const platform = join(folder, 'schema/platform.prisma');
  const output = join(ROOT, 'apps', APP_OF_SCHEMA[schema], 'src/generated/prisma');
  const text = readFileSync(platform, 'utf8').replace('"./generated"', JSON.stringify(output));
  // The copy may still be a link to the shared file, which must not be written through.
  rmSync(platform);
  writeFileSync(platform, text);
  return {
    folder,
    done: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const newestChange = (folder: string): number =>
  Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));

export const generate = async (schema: SchemaName): Promise<boolean> => {
  const client = join(ROOT, 'apps', APP_OF_SCHEMA[schema], 'src/generated/prisma/client.ts');
  const source = join(ROOT, 'prisma', schema, 'schema');
  if (existsSync(client) && statSync(client).mtimeMs > newestChange(source)) return false;
  const { folder, done } = stage(schema);
  try {
    await runPrisma(schema, folder, ['generate', '--schema', join(folder, 'schema')]);
    return true;
  } finally {
    done();
  }
};

const createMigration = async (schema: SchemaName, name: string, databaseUrl: string): Promise<void> => {
  const folder = join(ROOT, 'prisma', schema);
  const sql = await runPrisma(
    schema,
    folder,
    [
      'migrate',
      'diff',
      '--from-migrations',
      join(folder, 'migrations'),
      '--to-schema',
      join(folder, 'schema'),
      '--script',
    ],
    databaseUrl,
  );
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const target = join(folder, 'migrations', `${stamp}_${name}`);
  if (!/^\s*(CREATE|ALTER|DROP)/m.test(sql)) {
    process.stdout.write(`${schema}: no changes\n`);
    return;
  }
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'migration.sql'), sql);
  process.stdout.write(`${schema}: wrote ${target.slice(ROOT.length)}/migration.sql\n`);
};

const main = async ([which, command, name]: readonly string[]): Promise<void> => {
  const schemas = which === 'all' ? SCHEMA_NAMES : isSchemaName(which) ? [which] : [];
  const url = process.env['DATABASE_URL'];
  if (schemas.length === 0)
    throw new Error(`usage: prisma.ts <${SCHEMA_NAMES.join('|')}|all> generate | new <name> | deploy`);
  for (const schema of schemas) {
    if (command === 'generate') {
      const made = await generate(schema);
      process.stdout.write(`${schema}: client ${made ? 'generated' : 'is up to date'}\n`);
    } else if (url === undefined) throw new Error(`${command ?? ''} needs DATABASE_URL`);
    else if (command === 'deploy') {
      const applied = await deploy(schema, url);
      process.stdout.write(`${schema}: ${String(applied.length)} migrations applied\n`);
    } else if (command === 'new' && name !== undefined) await createMigration(schema, name, url);
    else throw new Error(`unknown command ${command ?? ''}`);
  }
};

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}
