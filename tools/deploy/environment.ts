import { SCHEMA_NAMES, SERVICE_NAMES, SERVICES, type ServiceName } from '@infinibay/contracts';

import { STREAMS_USER, hostUser } from '../nats/accounts.ts';
import { serviceDatabaseUrl } from '../stack/database.ts';
import { FURTHER_HOST_IDS, NATS_USER_NAMES } from '../stack/nats-users.ts';
import { keysOfService, type StackSecrets } from '../stack/secrets.ts';

/** Variables by name. */
export type Variables = Readonly<Record<string, string>>;

const DATABASE_HOST = 'postgres';
const DATABASE_PORT = 5432;

const databaseUrl = (schema: string, secrets: StackSecrets): string => {
  const url = new URL(
    serviceDatabaseUrl(DATABASE_PORT, { name: schema, password: secrets.databasePasswords[schema] ?? '' }),
  );
  url.hostname = DATABASE_HOST;
  return url.href;
};

/** What only this service may know. Everything else of its configuration stands in docker-compose.yml. */
export function secretsOfService(service: ServiceName, secrets: StackSecrets): Variables {
  const { schema } = SERVICES[service];
  return {
    NATS_USER: service,
    NATS_PASSWORD: secrets.natsPasswords[service] ?? '',
    ...(schema === null ? {} : { DATABASE_URL: databaseUrl(schema, secrets) }),
    ...keysOfService(service, secrets),
  };
}

/** The same for the agent of a further host, which is run there. */
const secretsOfHost = (hostId: string, secrets: StackSecrets): Variables => ({
  ...secretsOfService('hypervisor-agent', { ...secrets, hostId }),
  NATS_USER: hostUser(hostId),
  NATS_PASSWORD: secrets.natsPasswords[hostUser(hostId)] ?? '',
});

/** Name of the variable that carries a NATS user's password to the job that writes the server's configuration. */
export const natsPasswordVariable = (user: string): string =>
  `NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;

/** Name of the variable that carries a role's password to the job that prepares the database. */
export const databasePasswordVariable = (role: string): string => `DATABASE_PASSWORD_${role.toUpperCase()}`;

const adminUrl = (secrets: StackSecrets): string => {
  const url = new URL(`postgresql://${DATABASE_HOST}:${String(DATABASE_PORT)}/postgres`);
  url.username = 'postgres';
  url.password = secrets.postgresPassword;
  return url.href;
};

/** The env files of docker-compose.yml, by file name: one per service and job, each with no more than it needs. */
export function environmentFiles(
  secrets: StackSecrets,
  furtherHostIds: readonly string[] = FURTHER_HOST_IDS,
): ReadonlyMap<string, Variables> {
  const passwords = (names: readonly string[], variable: (name: string) => string, from: Variables): Variables =>
    Object.fromEntries(names.map((name) => [variable(name), from[name] ?? '']));
  return new Map<string, Variables>([
    ...SERVICE_NAMES.map((service): [string, Variables] => [`${service}.env`, secretsOfService(service, secrets)]),
    ...furtherHostIds.map((id): [string, Variables] => [`${hostUser(id)}.env`, secretsOfHost(id, secrets)]),
    ['postgres.env', { POSTGRES_PASSWORD: secrets.postgresPassword }],
    [
      'nats-config.env',
      { HOST_ID: secrets.hostId, ...passwords(NATS_USER_NAMES, natsPasswordVariable, secrets.natsPasswords) },
    ],
    ['streams.env', { NATS_PASSWORD: secrets.natsPasswords[STREAMS_USER] ?? '' }],
    [
      'database-setup.env',
      {
        DATABASE_ADMIN_URL: adminUrl(secrets),
        ...passwords(SCHEMA_NAMES, databasePasswordVariable, secrets.databasePasswords),
      },
    ],
  ]);
}
