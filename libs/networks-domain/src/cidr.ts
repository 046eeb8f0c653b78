import { DomainError } from '@infinibay/contracts';
import { formatIpv4, parseIpv4, type Ipv4 } from './ipv4.js';

/** An IPv4 range; the host bits of `base` are zero. */
export interface Cidr {
  readonly base: Ipv4;
  readonly prefixLength: number;
}

export const MIN_PREFIX = 8;
export const MAX_PREFIX = 30;

export const sizeOf = (cidr: Cidr): number => 2 ** (32 - cidr.prefixLength);

/** The first address after the range; may be 2^32. */
export const endOf = (cidr: Cidr): number => cidr.base + sizeOf(cidr);

/** @returns null when the text is not an IPv4 range. Host bits are cleared: 10.1.2.3/24 is 10.1.2.0/24. */
export const parseCidr = (text: string): Cidr | null => {
  const match = /^([\d.]+)\/(0|[1-9]\d?)$/.exec(text);
  const address = match?.[1] === undefined ? null : parseIpv4(match[1]);
  const prefixLength = Number(match?.[2]);
  if (address === null || prefixLength > 32) return null;
  return { base: address - (address % 2 ** (32 - prefixLength)), prefixLength };
};

export const formatCidr = (cidr: Cidr): string => `${formatIpv4(cidr.base)}/${cidr.prefixLength}`;

export const overlaps = (a: Cidr, b: Cidr): boolean => a.base < endOf(b) && b.base < endOf(a);

export const encloses = (outer: Cidr, inner: Cidr): boolean => outer.base <= inner.base && endOf(inner) <= endOf(outer);

export const includesAddress = (cidr: Cidr, address: Ipv4): boolean => address >= cidr.base && address < endOf(cidr);

const range = (text: string): Cidr => {
  const cidr = parseCidr(text);
  if (cidr === null) throw new RangeError(`not an IPv4 range: ${text}`);
  return cidr;
};

/** RFC 1918, and the shared address space of RFC 6598. */
const PRIVATE_RANGES: readonly Cidr[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(range);

export const isPrivate = (cidr: Cidr): boolean => PRIVATE_RANGES.some((outer) => encloses(outer, cidr));

/**
 * The range of a network as a person wrote it, normalised.
 * @throws DomainError MALFORMED_ADDRESS when it is no IPv4 range, not private, or not /8 to /30.
 */
export const parseNetworkCidr = (text: string): Cidr => {
  const cidr = parseCidr(text);
  const refuse = (reason: string): DomainError =>
    new DomainError('MALFORMED_ADDRESS', { cidr: text.slice(0, 64), reason });
  if (cidr === null) throw refuse('not an IPv4 range such as 10.80.0.0/24');
  if (cidr.prefixLength < MIN_PREFIX || cidr.prefixLength > MAX_PREFIX)
    throw refuse(`the prefix must be /${MIN_PREFIX} to /${MAX_PREFIX}`);
  if (!isPrivate(cidr)) throw refuse('not a private range (RFC 1918 or 100.64.0.0/10)');
  return cidr;
};
