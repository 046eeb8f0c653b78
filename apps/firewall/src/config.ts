import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  retentionSettings,
  setting,
  type ConfigOf,
} from '@infinibay/platform-config';
import { z } from 'zod';

/** Every key that the firewall service reads from its environment. */
export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...databaseSettings,
  ...retentionSettings,
  ...internalSettings,
  FILTER_VERIFY_SECONDS: setting(
    z.coerce.number().int().min(1).max(3_600).default(20),
    "How often the kernel's rules of each VM are compared with what they should be",
    { example: '20' },
  ),
} as const;

export type FirewallConfig = ConfigOf<typeof configSchema>;
