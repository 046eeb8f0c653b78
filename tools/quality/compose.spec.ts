import { describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES, SERVICES, SUBGRAPHS } from '@infinibay/contracts';
import { loadConfig } from '@infinibay/platform-config';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { environmentFiles } from '../deploy/environment.ts';
import { SCHEMA_NAMES } from '../persistence/services.ts';
import { configurationOf } from '../reference/configuration.ts';
import { repositoryRoot } from '../stack/layout.ts';
import { NATS_USER_NAMES } from '../stack/nats-users.ts';
import {
  dockerfileCommand,
  dockerfileTargets,
  readComposeFile,
  withoutShell,
  type ComposeService,
} from './compose-file.ts';
import { trackedFiles } from './tracked-files.ts';

const passwords = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `password-of-${name}`]));

const files = environmentFiles({
  postgresPassword: 'password',
  databasePasswords: passwords(SCHEMA_NAMES),
  natsPasswords: passwords(NATS_USER_NAMES),
  internalKey: 'k'.repeat(64),
  hostId: '0196f5a0-0000-7000-8000-0000000000aa',
});

const compose = readComposeFile();

const composed = (name: string): ComposeService => {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
};

/** What a container's process sees: its env files, then its own variables. */
const variablesOf = (name: string): Record<string, string> => {
  const service = composed(name);
  const fromFiles = service.env_file.map((file) => files.get(path.basename(file)) ?? {});
  const own = Object.fromEntries(Object.entries(service.environment).map(([key, value]) => [key, withoutShell(value)]));
  return Object.assign({}, ...fromFiles, own) as Record<string, string>;
};

describe.each(SERVICE_NAMES)('%s in docker-compose.yml', (name) => {
  it('is built from the Dockerfile target of its name', () => {
    expect(composed(name).build?.target).toBe(name);
    expect(dockerfileTargets()).toContain(name);
    expect(dockerfileCommand(name)).toEqual(['node', `apps/${name}/dist/main.js`]);
  });

  it('gets a configuration that its schema accepts, and no key that it does not know', async () => {
    const { schema } = await configurationOf(name);
    expect(() => loadConfig(schema, variablesOf(name))).not.toThrow();
    expect(Object.keys(variablesOf(name)).filter((key) => !Object.hasOwn(schema, key))).toEqual([]);
  });

  it('has its secrets in an env file of its own and nowhere else', async () => {
    const { schema } = await configurationOf(name);
    expect(composed(name).env_file).toEqual([`.infinibay/compose/${name}.env`]);
    const secrets = Object.entries(composed(name).environment).filter(
      ([key, value]) => schema[key]?.secret === true && withoutShell(value) !== '',
    );
    expect(secrets).toEqual([]);
  });

  it('is restarted, limited, watched and confined', () => {
    const service = composed(name);
    expect(service).toMatchObject({ restart: 'unless-stopped', read_only: true, cap_drop: ['ALL'] });
    expect(service.healthcheck?.test.join(' ')).toContain('/health/ready');
    expect(service.deploy.resources.limits.memory).toMatch(/^\d+[mg]$/);
  });

  it('waits for what it needs', () => {
    const needed = composed(name).depends_on;
    expect(needed['nats']?.condition).toBe('service_healthy');
    if (SERVICES[name].schema !== null)
      expect(needed['database-setup']?.condition).toBe('service_completed_successfully');
  });
});

describe('docker-compose.yml', () => {
  it('runs every service as another user than root, but for the two that work on the host', () => {
    const asRoot = SERVICE_NAMES.filter((name) => composed(name).user === 'root');
    expect(asRoot).toEqual(['hypervisor-agent', 'metrics-collector']);
  });

  it('gives every service a port of its own and publishes only the two public ones to all', () => {
    const ports = SERVICE_NAMES.map((name) => variablesOf(name)['HTTP_PORT']);
    expect(new Set(ports).size).toBe(SERVICE_NAMES.length);
    const published = Object.entries(compose.services).flatMap(([name, { ports: list }]) =>
      list.map((port) => `${name} ${port}`),
    );
    expect(published.sort()).toEqual(['gateway 4000:4000', 'nats 127.0.0.1:4222:4222', 'realtime 4001:4001']);
    expect(variablesOf('gateway')['HTTP_PORT']).toBe('4000');
    expect(variablesOf('realtime')['HTTP_PORT']).toBe('4001');
  });

  it('asks public services for health where nobody else can', () => {
    const published = Object.values(compose.services)
      .flatMap((service) => service.ports)
      .join(' ');
    for (const name of ['gateway', 'realtime'] as const) {
      const port = variablesOf(name)['HEALTH_PORT'] ?? '';
      expect(port).toMatch(/^\d{4}$/);
      expect(published).not.toContain(port);
      expect(composed(name).healthcheck?.test.join(' ')).toContain('process.env.HEALTH_PORT ?? process.env.HTTP_PORT');
    }
  });

  it.each(SUBGRAPHS)('leads the gateway to the subgraph %s', (name) => {
    expect(composed('gateway').depends_on[name]?.condition).toBe('service_healthy');
    expect(variablesOf('gateway')[`${name.toUpperCase()}_URL`]).toBe(
      `http://${name}:${variablesOf(name)['HTTP_PORT'] ?? ''}`,
    );
    expect(composed('gateway').networks.some((network) => composed(name).networks.includes(network))).toBe(true);
  });

  it('defines every network, volume, service, env file and target that it names', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect({
        name,
        networks: service.networks.filter((network) => !Object.hasOwn(compose.networks, network)),
      }).toEqual({ name, networks: [] });
      const named = service.volumes
        .map((volume) => volume.split(':')[0] ?? '')
        .filter((source) => !source.startsWith('/'));
      expect({ name, volumes: named.filter((volume) => !Object.hasOwn(compose.volumes, volume)) }).toEqual({
        name,
        volumes: [],
      });
      expect(Object.keys(service.depends_on).filter((other) => !Object.hasOwn(compose.services, other))).toEqual([]);
      expect(service.env_file.filter((file) => !files.has(path.basename(file)))).toEqual([]);
      if (service.build !== undefined) expect(dockerfileTargets()).toContain(service.build.target);
      else expect(service.image).toMatch(/^(postgres:17|nats:2\.1[0-9])/);
    }
  });

  it('has agent and collector look for the same sockets', () => {
    expect(variablesOf('hypervisor-agent')['AGENT_SOCKET_DIR']).toBe(
      variablesOf('metrics-collector')['AGENT_SOCKET_DIR'],
    );
    expect(variablesOf('hypervisor-agent')['HOST_ID']).toBe(files.get('nats-config.env')?.['HOST_ID']);
  });

  it('shows the screens of guests to the agent alone, and to nobody who may pass by modes', () => {
    const screens = variablesOf('hypervisor-agent')['SCREEN_SOCKET_DIR'] ?? '';
    const isWithin = (folder: string, other: string): boolean => `${folder}/`.startsWith(`${other}/`);
    const seeing = Object.entries(compose.services).filter(([, { volumes }]) =>
      volumes.some((volume) => {
        const source = volume.split(':')[0] ?? '';
        return isWithin(screens, source) || isWithin(source, screens);
      }),
    );
    expect(seeing.map(([name]) => name)).toEqual(['hypervisor-agent']);
  });
});

describe('.dockerignore', () => {
  it('leaves generated code that is committed in the image, where nobody makes it', () => {
    const lines = readFileSync(path.join(repositoryRoot, '.dockerignore'), 'utf8').split('\n');
    const committed = trackedFiles().filter((file) => file.includes('/generated/'));
    expect(committed).not.toEqual([]);
    const kept = lines.filter((line) => line.startsWith('!')).map((line) => `${line.slice(1)}/`);
    expect(committed.filter((file) => !kept.some((folder) => file.startsWith(folder)))).toEqual([]);
  });
});
