import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  retentionSettings,
  setting,
} from '@infinibay/platform-config';
import { z } from 'zod';

export const configSchema = {
  ...httpSettings,
  ...natsSettings,
  ...databaseSettings,
  ...retentionSettings,
  ...internalSettings,
  RECONCILE_WORKERS: setting(
    z.coerce.number().int().min(1).max(64).default(16),
    'VMs that one instance works on at the same time; more of one host are taken while fewer than half of them are its own',
    {
      example: '16',
    },
  ),
  LEASE_SECONDS: setting(
    z.coerce.number().int().min(3).max(60).default(9),
    'How long a VM stays with a worker that does not answer; another takes it over after that',
    { example: '9' },
  ),
  SHUTDOWN_GRACE_SECONDS: setting(
    z.coerce.number().int().min(5).max(3_600).default(120),
    'How long a guest may take to power off or to restart before the operation fails',
    { example: '120' },
  ),
  RETRY_LIMIT_SECONDS: setting(
    z.coerce.number().int().min(10).max(86_400).default(600),
    'How long a failing operation is retried before it fails',
    { example: '600' },
  ),
  POOL_RESERVE_PERCENT: setting(
    z.coerce.number().int().min(0).max(90).default(5),
    'Percent of a storage pool that must stay free: with less it takes no new volume, and none of its own is made larger',
    { example: '5' },
  ),
  FAILPOINT: setting(
    z
      .string()
      .regex(/^(before|after):[a-z-]+$/)
      .optional(),
    'For fault tests only: kills the process (SIGKILL) before or after the named step, e.g. after:ensure-disk',
  ),
} as const;
