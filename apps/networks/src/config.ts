import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  retentionSettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import { MAX_PREFIX, formatCidr, parseCidr, parseNetworkCidr } from '@infinibay/networks-domain';
import { z } from 'zod';

/** "This" network, loopback, link-local, multicast, and what was kept for later. */
const DEFAULT_RESERVED = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'];

const privateRange = z.string().transform((text, context) => {
  try {
    return formatCidr(parseNetworkCidr(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a private IPv4 range, /8 to /30' });
    return z.NEVER;
  }
});

const rangeList = z.string().transform((text, context) => {
  const texts = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const ranges = texts.map(parseCidr);
  if (ranges.every((range) => range !== null)) return ranges.map(formatCidr);
  context.addIssue({ code: 'custom', message: 'must be IPv4 ranges such as 10.0.0.0/8, comma-separated' });
  return z.NEVER;
});

/** Every key that the networks service reads from its environment. */
export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...databaseSettings,
  ...retentionSettings,
  ...internalSettings,
  NETWORK_POOL_CIDR: setting(
    privateRange.default('10.80.0.0/12'),
    'Where networks that name no range of their own get one',
    {
      example: '10.80.0.0/12',
    },
  ),
  NETWORK_POOL_PREFIX: setting(
    z.coerce.number().int().min(8).max(MAX_PREFIX).default(24),
    'Prefix length of the ranges that the pool gives',
    {
      example: '24',
    },
  ),
  NETWORK_VERIFY_SECONDS: setting(
    z.coerce.number().int().min(1).max(3_600).default(20),
    'How often a host is told again what its networks are, so that one that lost them gets them back',
    { example: '20' },
  ),
  RESERVED_RANGES: setting(
    rangeList.default(DEFAULT_RESERVED),
    'IPv4 ranges that no network may overlap, besides those that hosts report: those of the platform and of the site',
    { example: DEFAULT_RESERVED.join(',') },
  ),
  NETWORKS_PER_DEPARTMENT: setting(
    z.coerce.number().int().min(1).max(10_000).default(32),
    'Most networks that a department may have',
    { example: '32' },
  ),
  NETWORK_ADDRESSES_PER_DEPARTMENT: setting(
    z.coerce.number().int().min(4).max(16_777_216).default(16_384),
    'Most IPv4 addresses in all networks of a department together; 16384 are 64 networks of /24',
    { example: '16384' },
  ),
} as const;

export type NetworksConfig = ConfigOf<typeof configSchema>;
