import { resolve } from 'node:path';
import {
  corsSettings,
  healthSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  proxySettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import type { SubgraphName } from '@infinibay/contracts';
import { z } from 'zod';

const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

const points = z.coerce.number().int().min(1).max(10_000_000);

export const configSchema = {
  ...httpSettings,
  ...healthSettings(4100),
  ...natsSettings,
  ...internalSettings,
  ...corsSettings,
  USERS_URL: setting(url, 'GraphQL endpoint of the users service'),
  VMS_URL: setting(url, 'GraphQL endpoint of the vms service'),
  NETWORKS_URL: setting(url, 'GraphQL endpoint of the networks service'),
  FIREWALL_URL: setting(url, 'GraphQL endpoint of the firewall service'),
  SUPERGRAPH_PATH: setting(
    z.string().default(resolve(import.meta.dirname, '../supergraph.graphql')),
    'Composed supergraph; the one that was built with the gateway when left out',
    { example: '' },
  ),
  SUBGRAPH_TIMEOUT_MS: setting(
    z.coerce.number().int().min(100).max(120_000).default(15_000),
    'How long one subgraph may take to answer, in milliseconds',
    { example: '15000' },
  ),
  REQUEST_TIMEOUT_MS: setting(
    z.coerce.number().int().min(100).max(120_000).default(30_000),
    'How long one request may take with all subgraphs that it needs, in milliseconds; then it ends everywhere',
    { example: '30000' },
  ),
  USER_POINTS_PER_SECOND: setting(
    points.default(20_000),
    'What one signed-in user may ask for in a second, over 10 s; a request costs 25, one for every 256 bytes, and the cost of its query',
    { example: '20000' },
  ),
  ANONYMOUS_POINTS_PER_SECOND: setting(
    points.default(5_000),
    'The same for all callers without a token from one address',
    { example: '5000' },
  ),
  REFUSED_POINTS_PER_SECOND: setting(
    points.default(5_000),
    'What refused requests and bad tokens of one address may cost in a second, over 10 s; beyond it the address is served with a good token only',
    { example: '5000' },
  ),
  CALLER_CONCURRENCY: setting(
    z.coerce.number().int().min(1).max(10_000).default(8),
    'Requests of one user, or of one address without a token, that run at once; others wait for their turn',
    { example: '8' },
  ),
  ...proxySettings,
} as const;

export type GatewayConfig = ConfigOf<typeof configSchema>;

/** Injection token of GatewayConfig. */
export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');

/** Where each subgraph of the supergraph is. */
export const subgraphUrls = (config: GatewayConfig): Readonly<Record<SubgraphName, string>> => ({
  users: config.USERS_URL,
  vms: config.VMS_URL,
  networks: config.NETWORKS_URL,
  firewall: config.FIREWALL_URL,
});
