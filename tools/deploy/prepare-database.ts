/**
 * Job of docker-compose.yml: makes the database, one role and schema per service, and applies every migration.
 * DATABASE_ADMIN_URL names a superuser; DATABASE_PASSWORD_<ROLE> the passwords of the roles. Safe to repeat.
 */
import { SCHEMA_NAMES, type SchemaName } from '../persistence/services.ts';
import { deploy } from '../persistence/deploy.ts';
import { DATABASE_NAME, ensureDatabase } from '../stack/database.ts';
import { databasePasswordVariable } from './environment.ts';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

const serverUrl = required('DATABASE_ADMIN_URL');

function urlFor(database: string, role?: { readonly name: string; readonly password: string }): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  if (role !== undefined) {
    url.username = role.name;
    url.password = role.password;
  }
  return url.href;
}

const roles = SCHEMA_NAMES.map((name: SchemaName) => ({ name, password: required(databasePasswordVariable(name)) }));
const created = await ensureDatabase((database = 'postgres') => urlFor(database), roles);
process.stdout.write(created ? 'database created\n' : 'database is there\n');
for (const role of roles) {
  await deploy(role.name, urlFor(DATABASE_NAME, role));
  process.stdout.write(`${role.name}: migrations applied\n`);
}
