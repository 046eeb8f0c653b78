import type { NetworksConfig } from './config.js';

export const NETWORK_SETTINGS = Symbol('NETWORK_SETTINGS');
export type NetworkSettings = Pick<
  NetworksConfig,
  | 'NETWORK_POOL_CIDR'
  | 'NETWORK_POOL_PREFIX'
  | 'NETWORK_VERIFY_SECONDS'
  | 'RESERVED_RANGES'
  | 'NETWORKS_PER_DEPARTMENT'
  | 'NETWORK_ADDRESSES_PER_DEPARTMENT'
  | 'NATS_URL'
  | 'DATABASE_URL'
>;
