/** An IPv4 range: its first address and the one after its last, as numbers. */
export interface Ipv4Range {
  readonly first: number;
  readonly end: number;
}

const numberOf = (address: string): number =>
  address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);

const textOf = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

export const isIpv4 = (text: string): boolean => ADDRESS.test(text);

/** The range that an address lies in, host bits cleared. */
export const networkOf = (address: string, prefixLength: number): string => {
  const size = 2 ** (32 - prefixLength);
  const value = numberOf(address);
  return `${textOf(value - (value % size))}/${prefixLength}`;
};

/** @param cidr such as 10.80.0.0/24; a single address counts as /32 */
export const rangeOf = (cidr: string): Ipv4Range => {
  const [address = '', prefix = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(prefix));
  const value = numberOf(address);
  const first = value - (value % size);
  return { first, end: first + size };
};

export const rangesOverlap = (a: string, b: string): boolean => {
  const [one, other] = [rangeOf(a), rangeOf(b)];
  return one.first < other.end && other.first < one.end;
};
