import { describe, expect, it } from '@jest/globals';
import { SCHEMA_NAMES, SERVICE_NAMES, SERVICES, type ServiceName } from '@infinibay/contracts';
import { loadConfig, type ConfigSchema } from '@infinibay/platform-config';

import { secretsOfService } from '../deploy/environment.ts';
import { configurationOf } from '../reference/configuration.ts';
import { layoutOf } from '../stack/layout.ts';
import { NATS_USER_NAMES } from '../stack/nats-users.ts';
import type { StackSecrets } from '../stack/secrets.ts';
import {
  healthPortOf,
  INHERITED,
  PREFERRED_PORTS,
  SERVICES as ENTRIES,
  serviceEnvironment,
} from '../stack/services.ts';

const passwords = (kind: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, `${kind}-password-of-${name}.`]));

const secrets: StackSecrets = {
  postgresPassword: 'postgres-password',
  databasePasswords: passwords('database', SCHEMA_NAMES),
  natsPasswords: passwords('nats', NATS_USER_NAMES),
  internalKey: 'k'.repeat(64),
  hostId: '0196f5a0-0000-7000-8000-0000000000aa',
};

/** With everything that a start can hand out. */
const localEnvironment = (name: ServiceName): Record<string, string> => {
  const entry = ENTRIES.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`the local stack does not start ${name}`);
  return serviceEnvironment(entry, {
    layout: layoutOf('/nonexistent/infinibay'),
    secrets,
    ports: PREFERRED_PORTS,
    hypervisor: { kind: 'qemu', reason: 'spec' },
    libvirtUri: 'qemu:///system',
    firstStart: true,
    adminPassword: 'administrator-password',
    demoPassword: 'demo-account-password',
  });
};

/** Keys that name a secret, an account or an identity: all that compose keeps in a service's own env file. */
const sensitiveKeys = (schema: ConfigSchema): string[] =>
  Object.keys(schema).filter((key) => schema[key]?.secret === true || key === 'NATS_USER' || key === 'HOST_ID');

/** Handed out by `npm start` and by the operator of a deployment, at the first start only. */
const BOOT_ONLY = ['BOOTSTRAP_ADMIN_PASSWORD', 'DEMO_ADMIN_PASSWORD'];

describe.each(SERVICE_NAMES)('%s', (name) => {
  it('asks for what the table of services says, and the table says no more', async () => {
    const { schema } = await configurationOf(name);
    const { keys, schema: databaseSchema, perHost } = SERVICES[name];
    expect([...keys]).toEqual(['INTERNAL_KEY', 'HOST_ID'].filter((key) => Object.hasOwn(schema, key)));
    expect(databaseSchema !== null).toBe(Object.hasOwn(schema, 'DATABASE_URL'));
    expect(perHost).toBe(Object.hasOwn(schema, 'AGENT_SOCKET_DIR'));
  });

  it('gets from the local stack what it asks for and nothing else', async () => {
    const { schema } = await configurationOf(name);
    const environment = localEnvironment(name);
    const programs: readonly string[] = INHERITED;
    expect(Object.keys(environment).filter((key) => !Object.hasOwn(schema, key) && !programs.includes(key))).toEqual(
      [],
    );
    expect(sensitiveKeys(schema).filter((key) => !Object.hasOwn(environment, key))).toEqual([]);
    expect(() => loadConfig(schema, environment)).not.toThrow();
  });

  it('is asked for its health where it answers', async () => {
    const { schema } = await configurationOf(name);
    const environment = localEnvironment(name);
    const port = Object.hasOwn(schema, 'HEALTH_PORT') ? environment['HEALTH_PORT'] : environment['HTTP_PORT'];
    expect(port).toBe(String(healthPortOf(name, PREFERRED_PORTS)));
  });

  it('gets from a deployment the secrets that it asks for and no other', async () => {
    const { schema } = await configurationOf(name);
    const expected = sensitiveKeys(schema).filter((key) => !BOOT_ONLY.includes(key));
    expect(Object.keys(secretsOfService(name, secrets)).sort()).toEqual(expected.sort());
  });

  it('knows no password of another', () => {
    const all = [...Object.values(secrets.databasePasswords), ...Object.values(secrets.natsPasswords)];
    const own = [`nats-password-of-${name}.`, `database-password-of-${String(SERVICES[name].schema)}.`];
    for (const handed of [localEnvironment(name), secretsOfService(name, secrets)]) {
      const text = JSON.stringify(handed);
      expect(all.filter((password) => text.includes(password) && !own.includes(password))).toEqual([]);
      expect(text).not.toContain(secrets.postgresPassword);
    }
  });
});

it('gives who reads what guests say no way to their screens, in the local stack either', () => {
  const { SCREEN_SOCKET_DIR: screens = '' } = localEnvironment('hypervisor-agent');
  const { AGENT_SOCKET_DIR: agents = '', ...others } = localEnvironment('metrics-collector');
  expect(`${screens}/`.startsWith(`${agents}/`)).toBe(false);
  expect(screens).toMatch(/^\//);
  expect(JSON.stringify(others)).not.toContain(screens);
});
