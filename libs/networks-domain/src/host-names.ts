import { createHash } from 'node:crypto';

/** Hex digits of a hash: ids of one moment (UUID v7) share their beginning, their hashes do not. */
const digest = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** QEMU's prefix: the locally made addresses of KVM guests. */
const macFrom = (text: string): string => ['52', '54', '00', ...(digest(text, 6).match(/../g) ?? [])].join(':');

/**
 * The MAC address of a port, always the same for the same port and attempt.
 * @param attempt 0 at first; one more for each MAC that turned out to be taken.
 */
export const macOfPort = (portId: string, attempt: number): string => macFrom(`port:${portId}:${attempt}`);

/** The MAC address of a network's bridge on every host. */
export const macOfBridge = (networkId: string): string => macFrom(`bridge:${networkId}`);

/** Name of the bridge device; Linux allows 15 characters. */
export const bridgeName = (networkId: string): string => `ib${digest(networkId, 12)}`;

/** libvirt's name of a network. */
export const libvirtNetworkName = (networkId: string): string => `infinibay-${networkId}`;
