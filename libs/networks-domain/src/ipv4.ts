/** An IPv4 address as an unsigned 32-bit number, so that ranges can be compared and counted. */
export type Ipv4 = number;

const OCTET = /^(0|[1-9]\d{0,2})$/;

/** @returns null for anything but four decimal octets without leading zeros (which some parsers read as octal). */
export const parseIpv4 = (text: string): Ipv4 | null => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => OCTET.test(part) && Number(part) <= 255)) return null;
  return parts.reduce((address, part) => address * 256 + Number(part), 0);
};

export const formatIpv4 = (address: Ipv4): string =>
  [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
