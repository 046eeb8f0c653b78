import { z } from 'zod';
import { Ipv4Address, MacAddress, Port, Uuid } from './scalars.js';

export const FirewallDirection = z.enum(['IN', 'OUT']);
export const FirewallAction = z.enum(['ACCEPT', 'DROP', 'REJECT']);
export const FirewallProtocol = z.enum(['TCP', 'UDP', 'ICMP', 'ANY']);

/** One compiled rule, in the order of its priority; everything that a host needs to know of it. */
export const CompiledRule = z
  .object({
    direction: FirewallDirection,
    action: FirewallAction,
    protocol: FirewallProtocol,
    portFrom: Port.nullable(),
    portTo: Port.nullable(),
    remoteCidr: z.cidrv4().nullable().describe('The other end; null is any'),
    priority: z.int().min(-1000).max(1000).describe('Lower is matched first'),
  })
  .meta({ id: 'CompiledRule', description: 'One firewall rule as a host applies it' });
export type CompiledRule = z.infer<typeof CompiledRule>;

export const FilterSpec = z
  .object({
    vmId: Uuid,
    revision: z.int().nonnegative(),
    rules: z.array(CompiledRule).max(2_000),
  })
  .meta({ id: 'FilterSpec', description: 'The whole packet filter of one VM' });
export type FilterSpec = z.infer<typeof FilterSpec>;

export const FilterStatus = z.enum(['PENDING', 'APPLIED', 'FAILED', 'UNSUPPORTED']);
export type FilterStatus = z.infer<typeof FilterStatus>;

export const FilterDifference = z
  .object({
    path: z
      .string()
      .max(200)
      .describe(
        'Where: iptables/<table>/<chain>, ebtables/<table>/<chain>, nft/<family>/<table>[/<chain>], tc/<device>/<place>, xdp/<device>, link/<device>, bridge/<device>/<flag>, sysctl/<name>, libvirt/nwfilter/<name> or libvirt/interface/<mac>',
      ),
    expected: z.string().max(1_000).nullable().describe('What should be there; null: nothing'),
    actual: z.string().max(1_000).nullable().describe('What is there; null: nothing'),
  })
  .meta({ id: 'FilterDifference', description: "What a host's packet filter is and should not be, or the reverse" });
export type FilterDifference = z.infer<typeof FilterDifference>;

/** Of a filter whose every rule was compared with what it should be. */
export const FilterProofStatus = z.enum(['APPLIED', 'DRIFTED', 'UNSUPPORTED']);

/** Differences that are told; the rest is only counted. */
export const MAX_FILTER_DIFFERENCES = 50;

/** The addresses that a VM may use; anything else is dropped as spoofed. */
export const NicIdentity = z.object({ mac: MacAddress, address: Ipv4Address });
