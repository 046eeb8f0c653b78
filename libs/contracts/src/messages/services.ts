/** Every process of the platform; also the NATS user names and the folder names under apps/. */
export const SERVICE_NAMES = [
  'gateway',
  'users',
  'vms',
  'networks',
  'firewall',
  'hypervisor-agent',
  'metrics-collector',
  'realtime',
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Services that own a PostgreSQL schema, by the schema's name. */
export const SCHEMA_OF_SERVICE = {
  users: 'users',
  vms: 'vms',
  networks: 'networks',
  firewall: 'firewall',
  'metrics-collector': 'metrics',
} as const satisfies Partial<Record<ServiceName, string>>;

/** Services that publish a GraphQL subgraph behind the gateway. */
export const SUBGRAPHS = ['users', 'vms', 'networks', 'firewall'] as const satisfies readonly ServiceName[];
export type SubgraphName = (typeof SUBGRAPHS)[number];
