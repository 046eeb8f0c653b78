import { SERVICES, type ServiceName } from '@infinibay/contracts';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Generated at the first start, kept in one file that only its owner can read. */
export interface StackSecrets {
  readonly postgresPassword: string;
  /** By service. */
  readonly databasePasswords: Readonly<Record<string, string>>;
  /** By NATS user. */
  readonly natsPasswords: Readonly<Record<string, string>>;
  /** Signs what the gateway tells the subgraphs about the actor. */
  readonly internalKey: string;
  /** Id of this machine as a host. */
  readonly hostId: string;
}

const token = (): string => randomBytes(24).toString('base64url');

function readExisting(file: string): Partial<StackSecrets> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<StackSecrets>) : {};
}

function passwordsFor(
  names: readonly string[],
  existing: Readonly<Record<string, string>> = {},
): Record<string, string> {
  // One of a team or host that is not named now stays, for the next time that it is.
  return { ...existing, ...Object.fromEntries(names.map((name) => [name, existing[name] ?? token()])) };
}

/** Reads the secrets and adds those that are missing, so that a new service gets its own without disturbing the others. */
export function loadSecrets(
  file: string,
  databaseRoles: readonly string[],
  natsUsers: readonly string[],
): StackSecrets {
  const existing = readExisting(file);
  const secrets: StackSecrets = {
    postgresPassword: existing.postgresPassword ?? token(),
    databasePasswords: passwordsFor(databaseRoles, existing.databasePasswords),
    natsPasswords: passwordsFor(natsUsers, existing.natsPasswords),
    internalKey: existing.internalKey ?? randomBytes(48).toString('base64url'),
    hostId: existing.hostId ?? randomUUID(),
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}

/** The keys that the table of services trusts this one with, by variable. */
export function keysOfService(service: ServiceName, secrets: StackSecrets): Readonly<Record<string, string>> {
  const values = { INTERNAL_KEY: secrets.internalKey, HOST_ID: secrets.hostId } as const;
  return Object.fromEntries(SERVICES[service].keys.map((key) => [key, values[key]]));
}
