import {
  databaseSettings,
  httpSettings,
  internalSettings,
  natsSettings,
  retentionSettings,
  setting,
} from '@infinibay/platform-config';
import { DEFAULT_PLACEMENT, MAX_CPU_RATIO, MAX_MEMORY_RATIO } from '@infinibay/vms-domain';
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
  SOFT_DELETE_KEEP_SECONDS: setting(
    z.coerce.number().int().min(3_600).max(7_776_000).default(604_800),
    'How long softDeleteVm keeps a VM that says nothing of it',
    { example: '604800' },
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
  IMAGES_PER_DEPARTMENT: setting(
    z.coerce.number().int().min(0).max(10_000).default(20),
    'Images that the members of a department may have imported; 0: only administrators import, for all departments',
    { example: '20' },
  ),
  PLACEMENT_CPU_RATIO: setting(
    z.coerce.number().min(1).max(MAX_CPU_RATIO).optional(),
    'vCPUs that all VMs of a host may have together, for each of its CPUs, unless setHostOvercommit says otherwise; as many as its memory allows when not set',
    { example: '16' },
  ),
  PLACEMENT_MEMORY_RATIO: setting(
    z.coerce.number().min(1).max(MAX_MEMORY_RATIO).default(DEFAULT_PLACEMENT.memoryRatio),
    'MiB that all VMs of a host may have together, for each that it has beside its reserve, unless setHostOvercommit says otherwise; more than 1 needs swap',
    { example: '1' },
  ),
  PLACEMENT_HOST_RESERVE_MIB: setting(
    z.coerce.number().int().min(0).max(1_048_576).default(DEFAULT_PLACEMENT.hostReserveMib),
    'MiB of each host that are kept for the host itself',
    { example: '512' },
  ),
  PLACEMENT_REQUIRE_FILTERS: setting(
    z.enum(['true', 'false']).default('false'),
    'Whether a host that cannot apply packet filters gets no VMs (true), or gets them last (false)',
    { example: 'false' },
  ),
  FAILPOINT: setting(
    z
      .string()
      .regex(/^(before|after):[a-z-]+$/)
      .optional(),
    'For fault tests only: kills the process (SIGKILL) before or after the named step, e.g. after:ensure-disk',
  ),
  FAILPOINT_DIR: setting(
    z.string().startsWith('/').optional(),
    'For fault tests only: a folder in which a file such as after:ensure-disk holds the next worker that comes there',
  ),
} as const;
