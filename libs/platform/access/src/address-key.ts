import { isIPv6 } from 'node:net';

/** One network of a customer counts as one caller: a /64 of IPv6, a single address of IPv4. */
export const addressKey = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = address.includes('::')
    ? [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right]
    : left;
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
};

/**
 * Where a request comes from that passed proxies of ours, each of which wrote down from whom it had it.
 * @param remote whose connection it is
 * @param forwarded `X-Forwarded-For`; beyond what our proxies wrote it says whatever the client likes
 */
export const forwardedAddress = (
  remote: string,
  forwarded: string | readonly string[] | undefined,
  trustedProxies: number,
): string => {
  const told = [forwarded ?? []].flat().join(',').split(',');
  const hops = [
    remote,
    ...told
      .map((hop) => hop.trim())
      .filter((hop) => hop !== '')
      .reverse(),
  ];
  return hops[Math.min(trustedProxies, hops.length - 1)] ?? remote;
};
