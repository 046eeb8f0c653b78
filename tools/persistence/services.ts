import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** PostgreSQL schemas and the app that owns each. */
export const APP_OF_SCHEMA = {
  users: 'users',
  vms: 'vms',
  networks: 'networks',
  firewall: 'firewall',
  metrics: 'metrics-collector',
} as const;

export type SchemaName = keyof typeof APP_OF_SCHEMA;
export const SCHEMA_NAMES = Object.keys(APP_OF_SCHEMA) as SchemaName[];

export const isSchemaName = (text: string | undefined): text is SchemaName =>
  text !== undefined && Object.hasOwn(APP_OF_SCHEMA, text);
