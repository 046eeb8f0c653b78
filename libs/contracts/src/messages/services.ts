/** Secrets and identities that a deployment hands to a service beside its own NATS and PostgreSQL accounts. */
export type ServiceKey = 'INTERNAL_KEY' | 'HOST_ID';

interface ServiceDescription {
  /** PostgreSQL schema that it owns, and the name of its role. */
  readonly schema: string | null;
  /** Publishes a GraphQL subgraph behind the gateway. */
  readonly subgraph: boolean;
  /** One process on each host; else as many as one likes, anywhere. */
  readonly perHost: boolean;
  /** What it is trusted with. Exactly what its configuration asks for: a spec compares them. */
  readonly keys: readonly ServiceKey[];
}

const SUBGRAPH = { subgraph: true, perHost: false, keys: ['INTERNAL_KEY'] } as const;

/**
 * Every process of the platform. The names are also the NATS users and the folders under apps/. Local stack, compose
 * environment, database roles, NATS permissions and the gateway's list of subgraphs follow from this table.
 */
export const SERVICES = {
  gateway: { schema: null, subgraph: false, perHost: false, keys: ['INTERNAL_KEY'] },
  users: { schema: 'users', ...SUBGRAPH },
  vms: { schema: 'vms', ...SUBGRAPH },
  networks: { schema: 'networks', ...SUBGRAPH },
  firewall: { schema: 'firewall', ...SUBGRAPH },
  'hypervisor-agent': { schema: null, subgraph: false, perHost: true, keys: ['HOST_ID'] },
  'metrics-collector': { schema: 'metrics', subgraph: false, perHost: true, keys: [] },
  realtime: { schema: null, subgraph: false, perHost: false, keys: [] },
} as const satisfies Readonly<Record<string, ServiceDescription>>;

type Services = typeof SERVICES;
export type ServiceName = keyof Services;

type NamesWhere<Condition> = {
  [Name in ServiceName]: Services[Name] extends Condition ? Name : never;
}[ServiceName];

export const SERVICE_NAMES = Object.keys(SERVICES) as readonly ServiceName[];

/** Services that publish a GraphQL subgraph behind the gateway. */
export type SubgraphName = NamesWhere<{ readonly subgraph: true }>;
export const SUBGRAPHS = SERVICE_NAMES.filter((name): name is SubgraphName => SERVICES[name].subgraph);

/** PostgreSQL schemas and the service that owns each. */
export type SchemaName = Exclude<Services[ServiceName]['schema'], null>;
export const SERVICE_OF_SCHEMA = Object.fromEntries(
  SERVICE_NAMES.flatMap((name) => (SERVICES[name].schema === null ? [] : [[SERVICES[name].schema, name]])),
) as Readonly<Record<SchemaName, ServiceName>>;
export const SCHEMA_NAMES = Object.keys(SERVICE_OF_SCHEMA) as readonly SchemaName[];
