import pg from 'pg';

/** One role per service: it owns the schema of the same name and can't see the others. */
export interface ServiceRole {
  readonly name: string;
  readonly password: string;
}

export const DATABASE_NAME = 'infinibay';

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function createDatabase(client: pg.Client): Promise<boolean> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
  if (found.rowCount !== 0) return false;
  await client.query(`CREATE DATABASE ${DATABASE_NAME} ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8'`);
  return true;
}

async function ensureRole(client: pg.Client, role: ServiceRole): Promise<void> {
  const name = client.escapeIdentifier(role.name);
  const found = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role.name]);
  const verb = found.rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(
    `${verb} ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${client.escapeLiteral(role.password)}`,
  );
  await client.query(`GRANT CONNECT ON DATABASE ${DATABASE_NAME} TO ${name}`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${name} AUTHORIZATION ${name}`);
  await client.query(`ALTER ROLE ${name} IN DATABASE ${DATABASE_NAME} SET search_path = ${name}`);
}

/**
 * Makes the database, the roles and their schemas what they should be; safe to repeat. Returns whether the database is new.
 * @param adminUrl connection string of a superuser for a database by name.
 */
export async function ensureDatabase(
  adminUrl: (database?: string) => string,
  roles: readonly ServiceRole[],
): Promise<boolean> {
  const created = await withClient(adminUrl(), createDatabase);
  await withClient(adminUrl(DATABASE_NAME), async (client) => {
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE_NAME} FROM PUBLIC`);
    await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    for (const role of roles) await ensureRole(client, role);
  });
  return created;
}

/** The connection string that a service gets: its own role, its own schema. */
export function serviceDatabaseUrl(port: number, role: ServiceRole): string {
  return `postgresql://${role.name}:${encodeURIComponent(role.password)}@127.0.0.1:${String(port)}/${DATABASE_NAME}?schema=${role.name}`;
}
