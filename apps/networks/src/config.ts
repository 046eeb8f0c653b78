import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import { MAX_PREFIX, formatCidr, parseNetworkCidr } from '@infinibay/networks-domain';
import { z } from 'zod';

const privateRange = z.string().transform((text, context) => {
  try {
    return formatCidr(parseNetworkCidr(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a private IPv4 range, /8 to /30' });
    return z.NEVER;
  }
});

/** Every key that the networks service reads from its environment. */
export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...databaseSettings,
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
    z.coerce.number().int().min(1).max(3_600).default(60),
    'How often a host is told again what its networks are, so that one that lost them gets them back',
    { example: '60' },
  ),
} as const;

export type NetworksConfig = ConfigOf<typeof configSchema>;
