import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';
import { PoolName } from '../model/volume.js';

const EXAMPLE_VOLUME = '0196f5a0-0000-7000-8000-0000000000c1';
const OTHER_VOLUME = '0196f5a0-0000-7000-8000-0000000000c2';
const ON_A_VOLUME = z.object({ volumeId: Uuid, fence: Fence });
const exampleOnAVolume = { volumeId: EXAMPLE_VOLUME, fence: 1 };
const ReservePercent = z.number().min(0).max(100).describe('Of the pool, that stays free');
const PROGRESS = z.object({
  isComplete: z.boolean(),
  copiedBytes: z.int().nonnegative(),
  totalBytes: z.int().nonnegative().describe('What is to be copied, as far as it is known'),
});
const exampleProgress = { isComplete: false, copiedBytes: 104_857_600, totalBytes: 1_073_741_824 };

export const ensurePooledVolume = defineCommand({
  name: 'host.ensure-pooled-volume',
  version: 1,
  description:
    'As host.ensure-volume, in a pool of the host that is named. One that exists already, in whatever pool, is success. Errors: POOL_NOT_FOUND, POOL_FULL, VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VOLUME.extend({
    poolName: PoolName,
    capacityBytes: z
      .int()
      .positive()
      .multipleOf(512)
      .max(2 ** 46)
      .describe('Bytes that a guest sees'),
  }),
  reply: z.object({ created: z.boolean(), capacityBytes: z.int().positive() }),
  example: {
    request: { ...exampleOnAVolume, poolName: 'fast', capacityBytes: 1_073_741_824 },
    reply: { created: true, capacityBytes: 1_073_741_824 },
  },
});

export const moveVolume = defineCommand({
  name: 'host.move-volume',
  version: 1,
  description:
    'Moves a volume to another pool of the host, under a guest that runs on it too. It is not waited for to the end: sent again it tells how far it is, and goes on with what an agent before has begun. One that is there already is success. Errors: POOL_NOT_FOUND, POOL_FULL, VOLUME_BUSY (it is attached to a VM that is off), VM_BUSY (it is copied for something else), VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR, VM_UNRESPONSIVE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VOLUME.extend({
    poolName: PoolName,
    vmId: Uuid.nullable().describe('The VM that it is attached to'),
    reservePercent: ReservePercent,
  }),
  reply: PROGRESS,
  example: {
    request: { ...exampleOnAVolume, poolName: 'fast', vmId: null, reservePercent: 5 },
    reply: exampleProgress,
  },
});

export const abortVolumeMove = defineCommand({
  name: 'host.abort-volume-move',
  version: 1,
  description:
    'Ends the move of a volume, and removes what was copied of it. None is success. The answer says where the volume is: it may have come about. Errors: STORAGE_UNAVAILABLE, HYPERVISOR_ERROR, VM_UNRESPONSIVE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: ON_A_VOLUME,
  reply: z.object({ poolName: PoolName.describe('Where it is') }),
  example: { request: exampleOnAVolume, reply: { poolName: 'default' } },
});

export const cloneVolume = defineCommand({
  name: 'host.clone-volume',
  version: 1,
  description:
    'Makes a volume by copying another of the host, which no guest has. It is not waited for to the end: sent again it tells how far it is. One that is there already is success. Errors: POOL_NOT_FOUND, POOL_FULL, VM_BUSY (something else copies it), CLONE_SOURCE_UNUSABLE (a guest has the other, or there is nothing to copy), VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VOLUME.extend({ sourceVolumeId: Uuid, poolName: PoolName, reservePercent: ReservePercent }),
  reply: PROGRESS.extend({
    capacityBytes: z.int().nonnegative().describe('Bytes that a guest sees; 0 until it is made'),
  }),
  example: {
    request: { ...exampleOnAVolume, sourceVolumeId: OTHER_VOLUME, poolName: 'fast', reservePercent: 5 },
    reply: { ...exampleProgress, capacityBytes: 0 },
  },
});
