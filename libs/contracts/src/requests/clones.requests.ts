import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';

export const cloneDisk = defineCommand({
  name: 'host.clone-disk',
  version: 1,
  description:
    'Makes the disk of a VM by copying that of another, which is off: as it is, or as it was at a snapshot. It refers to the same image, and to nothing else of the other. It is not waited for to the end: sent again it tells how far it is. A disk that is there is success. Errors: CLONE_SOURCE_UNUSABLE (there is nothing to copy, or it is on), VM_BUSY (something is being done to the other), POOL_FULL, DISK_MISSING, DISK_REPLACED and the other problems of what is in the place of the new disk, STORAGE_UNAVAILABLE, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({
    vmId: Uuid,
    fence: Fence,
    sourceVmId: Uuid.describe('Whose disk is copied'),
    snapshotId: Uuid.nullable().describe('null: what the disk holds now'),
    reservePercent: z.number().min(0).max(100).describe('Of the pool, that stays free'),
  }),
  reply: z.object({
    isComplete: z.boolean(),
    progressPercent: z.int().min(0).max(100).describe('Of what is to be copied'),
  }),
  example: {
    request: {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      fence: 1,
      sourceVmId: '0196f5a0-0000-7000-8000-000000000002',
      snapshotId: null,
      reservePercent: 5,
    },
    reply: { isComplete: false, progressPercent: 40 },
  },
});
