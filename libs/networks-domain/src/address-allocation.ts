import { endOf, sizeOf, type Cidr } from './cidr.js';
import type { Ipv4 } from './ipv4.js';

/** The host's own address on the network: the first usable one. */
export const gatewayOf = (cidr: Cidr): Ipv4 => cidr.base + 1;

/** How many VMs fit: all but the network, the gateway and the broadcast address. */
export const capacityOf = (cidr: Cidr): number => sizeOf(cidr) - 3;

/**
 * The lowest address that a VM may have and that is not taken.
 * @returns null when the network is full.
 */
export const lowestFreeAddress = (cidr: Cidr, taken: ReadonlySet<Ipv4>): Ipv4 | null => {
  const broadcast = endOf(cidr) - 1;
  for (let address = gatewayOf(cidr) + 1; address < broadcast; address += 1) if (!taken.has(address)) return address;
  return null;
};
