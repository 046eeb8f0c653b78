#!/usr/bin/env node
/**
 * Stands in for Prisma's native schema engine, which the CLI would download: the same flags and the same JSON-RPC lines,
 * on Prisma's own WASM build of the engine and its pg driver adapter. The CLI finds it by PRISMA_SCHEMA_ENGINE_BINARY;
 * deploys ask it without the CLI.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { MigrationAdapter } from './migration-adapter.ts';

type Engine = Readonly<Record<string, unknown>>;
interface RpcMessage {
  readonly id: string | number;
  readonly method?: string;
  readonly params?: unknown;
}

const args = process.argv.slice(2);
const valuesOf = (flag: string): string[] =>
  args.flatMap((arg, index) => (arg === flag ? [args[index + 1] ?? ''] : []));
const enginePackage = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
const datasource = JSON.parse(valuesOf('--datasource')[0] ?? '{}') as { url?: string };
const url = datasource.url ?? process.env['INFINIBAY_PRISMA_URL'] ?? '';
const databaseName = (): string => decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';

/** Runs one statement beside the database in question, which may not exist. */
const onMaintenanceDatabase = async (statement: (name: string) => string): Promise<void> => {
  const target = new URL(url);
  target.pathname = '/postgres';
  target.search = '';
  const client = new pg.Client({ connectionString: target.href });
  await client.connect();
  try {
    await client.query(statement(client.escapeIdentifier(databaseName())));
  } finally {
    await client.end();
  }
};

const canConnect = async (): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
};

const CLI_COMMANDS: Readonly<Record<string, () => Promise<void>>> = {
  'can-connect-to-database': canConnect,
  'create-database': () => onMaintenanceDatabase((name) => `CREATE DATABASE ${name}`),
  'drop-database': () => onMaintenanceDatabase((name) => `DROP DATABASE IF EXISTS ${name}`),
};

/** Prisma's public codes for the errors that its CLI tells apart. */
const CONNECTION_CODES: Readonly<Record<string, string>> = { '3D000': 'P1003', '28P01': 'P1000', '28000': 'P1000' };

const runCliCommand = async (name: string): Promise<void> => {
  try {
    const command = CLI_COMMANDS[name];
    if (command === undefined) throw new Error(`unknown command ${name}`);
    await command();
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    const fields = { message: messageOf(error), error_code: CONNECTION_CODES[code ?? ''] ?? 'P1001', is_panic: false };
    process.stderr.write(
      `${JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', fields, target: 'schema_engine::logger' })}\n`,
    );
    process.exit(1);
  }
};

const loadEngine = async (adapter: MigrationAdapter): Promise<Engine> => {
  const wasm = readFileSync(join(enginePackage, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': { ...glue } });
  glue.__wbg_set_wasm(instance.exports);
  const start = instance.exports['__wbindgen_start'];
  if (typeof start === 'function') (start as () => void)();
  const datamodels = valuesOf('--datamodels').map((path): [string, string] => [path, readFileSync(path, 'utf8')]);
  const log = (line: string): void => {
    if (process.env['DEBUG'] !== undefined) process.stderr.write(`${line}\n`);
  };
  const engine: unknown = await glue.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    log,
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
  return engine as Engine;
};

/** Serves the CLI's requests one after the other, as the native engine does. */
class RpcServer {
  private readonly adapter = new MigrationAdapter(
    url,
    new URL(url || 'postgresql://localhost').searchParams.get('schema') ?? 'public',
  );
  private engine: Promise<Engine> | undefined;
  private readonly printed = new Map<unknown, () => void>();
  private queue: Promise<void> = Promise.resolve();
  private prints = 0;

  listen(): void {
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      if (line.trim() !== '') this.receive(JSON.parse(line) as RpcMessage);
    });
    lines.on('close', () => void this.queue.finally(() => process.exit(0)));
  }

  private receive(message: RpcMessage): void {
    if (message.method === undefined) {
      this.printed.get(message.id)?.();
      return;
    }
    this.queue = this.queue.then(() => this.answer(message));
  }

  private async answer(message: RpcMessage): Promise<void> {
    try {
      send({ id: message.id, jsonrpc: '2.0', result: await this.call(message.method ?? '', message.params) });
    } catch (error) {
      const details = error instanceof Error ? (error as Error & { code?: unknown; meta?: unknown }) : undefined;
      const data = {
        is_panic: false,
        message: messageOf(error),
        meta: details?.meta ?? null,
        error_code: details?.code ?? null,
      };
      send({
        id: message.id,
        jsonrpc: '2.0',
        error: { code: 4466, message: 'An error happened. Check the data field for details.', data },
      });
    }
  }

  private async call(method: string, params: unknown): Promise<unknown> {
    if (method === 'createDatabase') {
      await onMaintenanceDatabase((name) => `CREATE DATABASE ${name}`);
      return { databaseName: databaseName() };
    }
    if (method === 'applyMigrations') this.adapter.serialise();
    this.engine ??= loadEngine(this.adapter);
    const engine = await this.engine;
    const run = engine[method === 'getDatabaseVersion' ? 'version' : method];
    if (typeof run !== 'function') throw new Error(`the schema engine has no method ${method}`);
    const result: unknown = (await (run as (input: unknown) => Promise<unknown>).call(engine, params)) ?? {};
    return method === 'diff' ? this.printDiff(result as { stdout?: string | null }) : result;
  }

  /** The native engine hands the text of a diff to the CLI by a request of its own. */
  private async printDiff(result: { stdout?: string | null }): Promise<unknown> {
    if (typeof result.stdout !== 'string') return result;
    const id = `print-${++this.prints}`;
    const acknowledged = new Promise<void>((resolve) => this.printed.set(id, resolve));
    send({ id, jsonrpc: '2.0', method: 'print', params: { content: result.stdout } });
    await acknowledged;
    return { ...result, stdout: null };
  }
}

const send = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

if (args.includes('--version') || args.includes('-V')) {
  const { version } = JSON.parse(readFileSync(join(enginePackage, 'package.json'), 'utf8')) as { version: string };
  process.stdout.write(`schema-engine-wasm ${version}\n`);
} else if (args.includes('cli')) await runCliCommand(args[args.indexOf('cli') + 1] ?? '');
else new RpcServer().listen();
