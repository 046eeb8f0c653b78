import path from 'node:path';

import { serviceDatabaseUrl } from './database.ts';
import type { HypervisorChoice } from './hypervisor-choice.ts';
import { repositoryRoot, type StackLayout } from './layout.ts';
import type { StackSecrets } from './secrets.ts';

/** Everything that the services' environments are made of. */
export interface ServiceContext {
  readonly layout: StackLayout;
  readonly secrets: StackSecrets;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly hypervisor: HypervisorChoice;
  readonly libvirtUri: string;
  /** Only at the first start: the administrator's password, which the users service hashes and nobody stores. */
  readonly adminPassword: string | undefined;
  /** Only when the demo will run: the fresh password of its account, stored nowhere. */
  readonly demoPassword: string | undefined;
}

export const PREFERRED_PORTS = {
  gateway: 4000,
  realtime: 4001,
  users: 4101,
  vms: 4102,
  networks: 4103,
  firewall: 4104,
  'hypervisor-agent': 4105,
  'metrics-collector': 4106,
  postgres: 54320,
  nats: 42220,
  natsMonitor: 48222,
} as const;

export type PortName = keyof typeof PREFERRED_PORTS;
export type ServiceName = Exclude<PortName, 'postgres' | 'nats' | 'natsMonitor'>;

type Environment = Readonly<Record<string, string>>;

export interface ServiceEntry {
  readonly name: ServiceName;
  /** PostgreSQL schema and role, where it has one. */
  readonly schema?: string;
  /** What this one needs beyond what all have. */
  readonly environment: (context: ServiceContext) => Environment;
}

const graphqlUrl = (context: ServiceContext, service: ServiceName): string =>
  `http://127.0.0.1:${String(context.ports[service])}/graphql`;

const internal = ({ secrets }: ServiceContext): Environment => ({ INTERNAL_KEY: secrets.internalKey });

/** The services, in the order in which the operator sees them. */
export const SERVICES: readonly ServiceEntry[] = [
  {
    name: 'users',
    schema: 'users',
    environment: (context) => ({
      ...internal(context),
      ...(context.adminPassword === undefined
        ? {}
        : { BOOTSTRAP_ADMIN_EMAIL: ADMIN_EMAIL, BOOTSTRAP_ADMIN_PASSWORD: context.adminPassword }),
      ...(context.demoPassword === undefined ? {} : { DEMO_ADMIN_PASSWORD: context.demoPassword }),
    }),
  },
  { name: 'vms', schema: 'vms', environment: internal },
  { name: 'networks', schema: 'networks', environment: internal },
  { name: 'firewall', schema: 'firewall', environment: internal },
  {
    name: 'hypervisor-agent',
    environment: ({ secrets, libvirtUri, layout, hypervisor }) => ({
      HOST_ID: secrets.hostId,
      LIBVIRT_URI: libvirtUri,
      LIBVIRT_VIRT_TYPE: process.env['LIBVIRT_VIRT_TYPE'] ?? 'auto',
      AGENT_SOCKET_DIR: layout.agentSocketDir,
      IMAGE_DIR: layout.imageDir,
      DISK_DIR: layout.diskDir,
      STATE_DIR: path.join(layout.stateDir, 'hypervisor-agent'),
      ...(hypervisor.kind === 'qemu'
        ? { NETNS: layout.networkNamespace, CONSOLE_LOG_DIR: path.join(layout.logDir, 'consoles') }
        : {}),
    }),
  },
  {
    name: 'metrics-collector',
    schema: 'metrics',
    environment: (context) => ({
      ...internal(context),
      HOST_ID: context.secrets.hostId,
      AGENT_SOCKET_DIR: context.layout.agentSocketDir,
    }),
  },
  { name: 'realtime', environment: internal },
  {
    name: 'gateway',
    environment: (context) => ({
      ...internal(context),
      SUPERGRAPH_PATH: path.join(repositoryRoot, 'apps', 'gateway', 'supergraph.graphql'),
      USERS_URL: graphqlUrl(context, 'users'),
      VMS_URL: graphqlUrl(context, 'vms'),
      NETWORKS_URL: graphqlUrl(context, 'networks'),
      FIREWALL_URL: graphqlUrl(context, 'firewall'),
    }),
  },
];

export const ADMIN_EMAIL = 'admin@infinibay.local';
export const DEMO_EMAIL = 'demo@infinibay.local';

/** Services that own a schema in PostgreSQL. */
export const DATABASE_ROLES = SERVICES.flatMap(({ schema }) => (schema === undefined ? [] : [schema]));

/** The program's variables that a service may see from ours: where to find programs, and failure points for fault tests. */
function inherited(): Environment {
  const entries = Object.entries(process.env).filter(
    ([name]) => ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LOG_LEVEL'].includes(name) || name.startsWith('FAILPOINT'),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
}

/** `npm run skew` sets the clock of one service off by some seconds; timers go on as they do. */
function skewed(name: ServiceName): Environment {
  const [service, seconds = '0'] = (process.env['INFINIBAY_SKEW'] ?? '').split(':');
  const library = process.env['INFINIBAY_FAKETIME'];
  if (service !== name || library === undefined) return {};
  const offset = Number(seconds) < 0 ? seconds : `+${seconds}`;
  return { LD_PRELOAD: library, FAKETIME: `${offset}s`, FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1' };
}

/** The whole environment of one service. */
export function serviceEnvironment(entry: ServiceEntry, context: ServiceContext): Record<string, string> {
  const { secrets, ports } = context;
  const role = entry.schema;
  return {
    ...inherited(),
    ...skewed(entry.name),
    NODE_ENV: 'development',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(ports[entry.name]),
    LOG_FORMAT: 'json',
    NATS_URL: `nats://127.0.0.1:${String(ports.nats)}`,
    NATS_USER: entry.name,
    NATS_PASSWORD: secrets.natsPasswords[entry.name] ?? '',
    ...(role === undefined
      ? {}
      : {
          DATABASE_URL: serviceDatabaseUrl(ports.postgres, {
            name: role,
            password: secrets.databasePasswords[role] ?? '',
          }),
        }),
    ...entry.environment(context),
  };
}
