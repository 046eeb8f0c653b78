import { z } from 'zod';
import { Ipv4Address, MacAddress, Uuid } from './scalars.js';

/** A NAT network as a host must have it; the agent compares it with libvirt's and changes what differs. */
export const NetworkSpec = z
  .object({
    networkId: Uuid,
    name: z.string().min(1).max(63).describe("libvirt's name"),
    bridge: z.string().min(1).max(15),
    mac: MacAddress.describe('Of the bridge'),
    gateway: Ipv4Address,
    prefixLength: z.int().min(8).max(30),
    reservations: z
      .array(z.object({ mac: MacAddress, address: Ipv4Address, hostname: z.string().max(63).nullable() }))
      .max(65_536)
      .describe('DHCP answers only these; there is no dynamic range'),
  })
  .meta({ id: 'NetworkSpec', description: 'A NAT network as a host must have it' });
export type NetworkSpec = z.infer<typeof NetworkSpec>;
