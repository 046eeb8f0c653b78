import { fileURLToPath } from 'node:url';

// The source and not the package: set-up asks before anything is built.
import { SCHEMA_NAMES, SERVICE_OF_SCHEMA, type SchemaName } from '../../libs/contracts/src/messages/services.ts';

export { SCHEMA_NAMES, type SchemaName };

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** PostgreSQL schemas and the app that owns each. */
export const APP_OF_SCHEMA = SERVICE_OF_SCHEMA;

export const isSchemaName = (text: string | undefined): text is SchemaName =>
  text !== undefined && Object.hasOwn(APP_OF_SCHEMA, text);
