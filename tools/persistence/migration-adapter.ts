import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { PrismaPg } from '@prisma/adapter-pg';

/** Type id of the catalogue's "char" columns, which adapter-pg cannot read, and of bpchar, which it can. */
const CATALOG_CHAR = 18;
const BPCHAR = 1042;
/** The key under which Prisma's native engine serialises deploys: ours waits for it as well. */
const DEPLOY_LOCK = 72_707_369;

interface QueryResult {
  fields?: { dataTypeID: number }[];
}

const readCharAsText = <T>(result: T): T => {
  for (const one of [result].flat() as QueryResult[]) {
    for (const field of one.fields ?? []) if (field.dataTypeID === CATALOG_CHAR) field.dataTypeID = BPCHAR;
  }
  return result;
};

/** A client whose results adapter-pg can read also for PostgreSQL's own catalogue. */
class CatalogClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    const patched = (...args: unknown[]): unknown => {
      const callback = args.at(-1);
      if (typeof callback === 'function') {
        const call = callback as (error: unknown, result: unknown) => void;
        args[args.length - 1] = (error: unknown, result: unknown) => {
          call(error, result === undefined ? result : readCharAsText(result));
        };
      }
      const answer = query(...args);
      return answer instanceof Promise ? answer.then(readCharAsText) : answer;
    };
    Object.defineProperty(this, 'query', { value: patched });
  }
}

interface ScriptRunner {
  readonly client: pg.Pool;
  onError(error: unknown): never;
  executeScript(sql: string): Promise<void>;
  dispose(): Promise<void>;
}

/** adapter-pg splits scripts at every ';', which breaks function bodies; PostgreSQL takes a script whole, as one transaction. */
const runScriptsWhole = <T>(connection: T & ScriptRunner): T & ScriptRunner => {
  connection.executeScript = async (sql: string) => {
    try {
      await connection.client.query(sql);
    } catch (error) {
      connection.onError(error);
    }
  };
  return connection;
};

type Connection = Awaited<ReturnType<PrismaPg['connect']>> & ScriptRunner;

/** adapter-pg, made able to serve the schema engine (see docs/decisions on migrations without an engine download). */
export class MigrationAdapter extends PrismaPg {
  private serialised = false;
  private readonly settings: pg.PoolConfig;
  private readonly schemaName: string;

  constructor(url: string, schemaName: string) {
    const settings: pg.PoolConfig = {
      ...parseIntoClientConfig(url),
      Client: CatalogClient,
      max: 1,
      options: `-c search_path=${pg.escapeIdentifier(schemaName)}`,
    };
    super(settings, { schema: schemaName });
    this.settings = settings;
    this.schemaName = schemaName;
  }

  /** From now on connections first wait for other deploys of this database. */
  serialise(): void {
    this.serialised = true;
  }

  override async connect(): Promise<Connection> {
    const connection = runScriptsWhole((await super.connect()) as Connection);
    if (this.serialised) await connection.executeScript(`SELECT pg_advisory_lock(${DEPLOY_LOCK})`);
    await connection.executeScript(createSchema(this.schemaName));
    return connection;
  }

  /** A database of its own for the shadow: with a connection string adapter-pg would use the real one. */
  override async connectToShadowDb(): Promise<Connection> {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const main = runScriptsWhole((await super.connect()) as Connection);
    await main.executeScript(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    const adapter = new PrismaPg({ ...this.settings, database: name }, { schema: this.schemaName });
    const shadow = runScriptsWhole((await adapter.connect()) as Connection);
    await shadow.executeScript(createSchema(this.schemaName));
    const close = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await close();
      await main.executeScript(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      await main.dispose();
    };
    return shadow;
  }
}

/** Looks first: IF NOT EXISTS asks for the right to create even where the schema is there, and services have no such right. */
const createSchema = (name: string): string =>
  `DO $$ BEGIN IF to_regnamespace(${pg.escapeLiteral(pg.escapeIdentifier(name))}) IS NULL THEN CREATE SCHEMA ${pg.escapeIdentifier(name)}; END IF; END $$`;
