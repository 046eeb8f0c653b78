import {
  SERVICES as SERVICE_TABLE,
  SERVICE_NAMES,
  SUBGRAPHS,
  type SchemaName,
  type ServiceName,
} from '@infinibay/contracts';
import path from 'node:path';

import { serviceDatabaseUrl } from './database.ts';
import { ADMIN_EMAIL } from './first-administrator.ts';
import type { HypervisorChoice } from './hypervisor-choice.ts';
import { repositoryRoot, type StackLayout } from './layout.ts';
import { keysOfService, type StackSecrets } from './secrets.ts';

/** Everything that the services' environments are made of. */
export interface ServiceContext {
  readonly layout: StackLayout;
  readonly secrets: StackSecrets;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly hypervisor: HypervisorChoice;
  readonly libvirtUri: string;
  /** There was no administrator before this start. */
  readonly firstStart: boolean;
  /** Until the operator was told it: the first administrator's password. */
  readonly adminPassword: string | undefined;
  /** Only when the demo will run: the fresh password of its account, stored nowhere. */
  readonly demoPassword: string | undefined;
}

type HealthPortName = 'gatewayHealth' | 'realtimeHealth';

/** Services whose own port is for everybody answer /health and /metrics on another. */
const HEALTH_PORTS: Readonly<Partial<Record<string, HealthPortName>>> = {
  gateway: 'gatewayHealth',
  realtime: 'realtimeHealth',
};

/** The port on which a service, or whatever else has a port, is asked how it is. */
export function healthPortOf(name: ServiceName, ports: Readonly<Record<PortName, number>>): number;
export function healthPortOf(name: string, ports: Readonly<Record<string, number>>): number | undefined;
export function healthPortOf(name: string, ports: Readonly<Record<string, number>>): number | undefined {
  return ports[HEALTH_PORTS[name] ?? name];
}

/** On this machine, where nothing else has them. */
export const PREFERRED_PORTS = {
  gateway: 4000,
  realtime: 4001,
  users: 4101,
  vms: 4102,
  networks: 4103,
  firewall: 4104,
  'hypervisor-agent': 4105,
  'metrics-collector': 4106,
  gatewayHealth: 4100,
  realtimeHealth: 4107,
  postgres: 54320,
  nats: 42220,
  natsMonitor: 48222,
  uploads: 4108,
} as const satisfies Readonly<
  Record<ServiceName | HealthPortName | 'postgres' | 'nats' | 'natsMonitor' | 'uploads', number>
>;

export type PortName = keyof typeof PREFERRED_PORTS;

type Environment = Readonly<Record<string, string>>;

export interface ServiceEntry {
  readonly name: ServiceName;
  /** PostgreSQL schema and role, where it has one. */
  readonly schema: SchemaName | null;
}

/** The services, in the order in which the operator sees them: the one that leads to the others comes last. */
export const SERVICES: readonly ServiceEntry[] = [
  ...SERVICE_NAMES.filter((name) => name !== 'gateway'),
  'gateway' as const,
].map((name) => ({ name, schema: SERVICE_TABLE[name].schema }));

const subgraphUrls = ({ ports }: ServiceContext): Environment =>
  Object.fromEntries(
    SUBGRAPHS.map((name) => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${String(ports[name])}/graphql`]),
  );

const fromOurs = (...names: readonly string[]): Environment =>
  Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])),
  );

/** What one service needs beyond its accounts and keys. */
const OWN_SETTINGS: Readonly<Partial<Record<ServiceName, (context: ServiceContext) => Environment>>> = {
  users: ({ adminPassword, demoPassword }) => ({
    ...(adminPassword === undefined
      ? {}
      : { BOOTSTRAP_ADMIN_EMAIL: ADMIN_EMAIL, BOOTSTRAP_ADMIN_PASSWORD: adminPassword }),
    ...(demoPassword === undefined ? {} : { DEMO_ADMIN_PASSWORD: demoPassword }),
  }),
  // For fault tests.
  vms: () => fromOurs('FAILPOINT', 'FAILPOINT_DIR'),
  'hypervisor-agent': ({ libvirtUri, layout, hypervisor, ports }) => ({
    LIBVIRT_URI: libvirtUri,
    LIBVIRT_VIRT_TYPE: process.env['LIBVIRT_VIRT_TYPE'] ?? 'auto',
    AGENT_SOCKET_DIR: layout.agentSocketDir,
    SCREEN_SOCKET_DIR: layout.screenSocketDir,
    IMAGE_DIR: layout.imageDir,
    DISK_DIR: layout.diskDir,
    STATE_DIR: path.join(layout.stateDir, 'hypervisor-agent'),
    ...fromOurs('IMAGE_SOURCE_HOSTS', 'IMAGE_SOURCE_RANGES'),
    UPLOAD_URL: `http://127.0.0.1:${String(ports.uploads)}`,
    UPLOAD_PORT: String(ports.uploads),
    ...fromOurs('UPLOAD_URL', 'IMAGE_COPY_URL', 'UPLOAD_ADDRESS', 'UPLOAD_PORT', 'CORS_ORIGINS'),
    ...fromOurs('STORAGE_POOLS', 'VOLUME_MOVE_MIB_PER_SECOND'),
    ...(hypervisor.kind === 'qemu'
      ? { NETNS: layout.networkNamespace, CONSOLE_LOG_DIR: path.join(layout.logDir, 'consoles') }
      : {}),
  }),
  'metrics-collector': ({ layout }) => ({ AGENT_SOCKET_DIR: layout.agentSocketDir }),
  realtime: ({ ports }) => ({ HEALTH_PORT: String(ports.realtimeHealth) }),
  gateway: (context) => ({
    HEALTH_PORT: String(context.ports.gatewayHealth),
    SUPERGRAPH_PATH: path.join(repositoryRoot, 'apps', 'gateway', 'supergraph.graphql'),
    ...subgraphUrls(context),
  }),
};

export const DEMO_EMAIL = 'demo@infinibay.local';

/** Variables of any program, which a service may see from ours, and the level that the operator asks for. */
export const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LOG_LEVEL'] as const;

/** `npm run skew` sets clocks of services off by some seconds (`users:120,vms:-60`); timers go on as they do. */
function skewed(name: ServiceName): Environment {
  const offsets = new Map((process.env['INFINIBAY_SKEW'] ?? '').split(',').map((one) => pairOf(one)));
  const library = process.env['INFINIBAY_FAKETIME'];
  const seconds = offsets.get(name);
  if (seconds === undefined || library === undefined) return {};
  const offset = Number(seconds) < 0 ? seconds : `+${seconds}`;
  return { LD_PRELOAD: library, FAKETIME: `${offset}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1' };
}

function pairOf(one: string): [service: string, seconds: string] {
  const [service = '', seconds = '0'] = one.split(':');
  return [service, seconds];
}

/** The whole environment of one service: no more than the table of services and its own settings name. */
export function serviceEnvironment({ name, schema }: ServiceEntry, context: ServiceContext): Record<string, string> {
  const { secrets, ports } = context;
  const password = schema === null ? '' : (secrets.databasePasswords[schema] ?? '');
  return {
    ...fromOurs(...INHERITED),
    ...skewed(name),
    NODE_ENV: 'development',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(ports[name]),
    LOG_FORMAT: 'json',
    NATS_URL: `nats://127.0.0.1:${String(ports.nats)}`,
    NATS_USER: name,
    NATS_PASSWORD: secrets.natsPasswords[name] ?? '',
    ...(schema === null ? {} : { DATABASE_URL: serviceDatabaseUrl(ports.postgres, { name: schema, password }) }),
    ...keysOfService(name, secrets),
    ...OWN_SETTINGS[name]?.(context),
  };
}
