import { z } from 'zod';
import { Ipv4Cidr, Uuid } from './scalars.js';

/** How a network stands on a host. DRIFTED: it differs from what it should be and is being repaired. */
export const HostNetworkStatus = z.enum(['ACTIVE', 'DRIFTED', 'ERROR']);
export type HostNetworkStatus = z.infer<typeof HostNetworkStatus>;

/** What of a network's realisation differs. A receiver shows a kind that it doesn't know as it is. */
export const NetworkDifferenceKind = z.enum([
  'NETWORK_INACTIVE',
  'BRIDGE_MISSING',
  'BRIDGE_DOWN',
  'ADDRESS_MISSING',
  'ADDRESS_FOREIGN',
  'ROUTE_MISSING',
  'TAP_DETACHED',
  'TAP_DOWN',
  'TAP_RENAMED',
  'TAP_MISSING',
  'DHCP_SERVER_DOWN',
  'RESERVATIONS',
  'LEASE_STALE',
  'NAT_RULES',
  'FORWARDING_OFF',
  'RANGE_RESERVED',
]);
export type NetworkDifferenceKind = z.infer<typeof NetworkDifferenceKind>;

export const NetworkDifference = z
  .object({ kind: z.string().max(64), detail: z.string().max(300).describe('What is missing or too much, for people') })
  .meta({ id: 'NetworkDifference', description: "What of a network's realisation differs" });
export type NetworkDifference = z.infer<typeof NetworkDifference>;

export const ObservedNetwork = z
  .object({
    networkId: Uuid,
    revision: z.int().nonnegative().describe('The revision that it was compared with'),
    status: HostNetworkStatus,
    differences: z.array(NetworkDifference).max(50).describe('Empty: nothing differs. The first 50'),
    reason: z.string().max(300).nullable().describe('ERROR: why it could not be repaired'),
  })
  .meta({ id: 'ObservedNetwork', description: "A network's realisation on a host, compared whole" });
export type ObservedNetwork = z.infer<typeof ObservedNetwork>;

export const HostRangeOrigin = z.enum(['ADDRESS', 'ROUTE', 'GATEWAY', 'DNS_SERVER', 'SERVICE']);
export type HostRangeOrigin = z.infer<typeof HostRangeOrigin>;

export const HostRange = z.object({ cidr: Ipv4Cidr, origin: HostRangeOrigin }).meta({
  id: 'HostRange',
  description: 'An IPv4 range that a host uses itself: no network of a tenant may overlap it',
});
export type HostRange = z.infer<typeof HostRange>;
