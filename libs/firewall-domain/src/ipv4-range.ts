import { DomainError } from '@infinibay/contracts';

/** Addresses `first` to `last`, both included, as unsigned 32-bit numbers. */
export interface Ipv4Range {
  readonly first: number;
  readonly last: number;
}

const OCTET = /^(0|[1-9]\d{0,2})$/;

/** @returns null for anything but four decimal octets without leading zeros. */
export const addressNumber = (text: string): number | null => {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)) return null;
  return octets.reduce((address, octet) => address * 256 + Number(octet), 0);
};

const prefixOf = (text: string): number | null =>
  /^(0|[1-9]\d?)$/.test(text) && Number(text) <= 32 ? Number(text) : null;

const parse = (text: string): { base: number; prefixLength: number } | null => {
  const [address = '', prefix = '32', ...rest] = text.split('/');
  const number = addressNumber(address);
  const prefixLength = prefixOf(prefix);
  if (number === null || prefixLength === null || rest.length > 0) return null;
  return { base: number - (number % 2 ** (32 - prefixLength)), prefixLength };
};

/**
 * The other end of a rule as a person wrote it, in CIDR form with the host bits cleared; a lone address is a /32.
 * @throws DomainError MALFORMED_ADDRESS
 */
export const normaliseRemoteCidr = (text: string): string => {
  const parsed = parse(text.trim());
  if (parsed === null)
    throw new DomainError('MALFORMED_ADDRESS', { cidr: text.slice(0, 64), reason: 'not an IPv4 address or range' });
  const { base, prefixLength } = parsed;
  return `${[base >>> 24, (base >>> 16) & 255, (base >>> 8) & 255, base & 255].join('.')}/${prefixLength}`;
};

/** @throws DomainError MALFORMED_ADDRESS */
export const rangeOf = (cidr: string): Ipv4Range => {
  const parsed = parse(cidr);
  if (parsed === null) throw new DomainError('MALFORMED_ADDRESS', { cidr });
  return { first: parsed.base, last: parsed.base + 2 ** (32 - parsed.prefixLength) - 1 };
};
