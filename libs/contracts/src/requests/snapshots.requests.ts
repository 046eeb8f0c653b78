import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_SNAPSHOT = '0196f5a0-0000-7000-8000-0000000000f1';

const SNAPSHOT = z.object({
  vmId: Uuid,
  fence: Fence,
  snapshotId: Uuid,
  volumeIds: z.array(Uuid).max(25).describe('Volumes that are part of it, beside the disk of the VM'),
});
const exampleSnapshot = { vmId: EXAMPLE_VM, fence: 1, snapshotId: EXAMPLE_SNAPSHOT, volumeIds: [] };

export const createSnapshot = defineCommand({
  name: 'host.create-snapshot',
  version: 1,
  description:
    'Keeps the disks of a VM, and the memory of its guest where that is asked for, as they are now. It is not waited for to the end: sent again it tells whether it is complete. One that is complete is success. What an attempt before has left is replaced. Errors: VM_NOT_FOUND, VM_BUSY (memory of a guest that is off, disks alone of one that is on), SNAPSHOT_DISKS_DIFFER, SNAPSHOT_NEEDS_RESTART, REVERT_UNFINISHED, POOL_FULL, DISK_MISSING and the other problems of disks and volumes, UNSUPPORTED_BY_DRIVER, VM_UNRESPONSIVE, HYPERVISOR_ERROR, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: SNAPSHOT.extend({ withMemory: z.boolean().describe('The guest runs or stands still; false: it is off') }),
  reply: z.object({
    isComplete: z.boolean(),
    memoryBytes: z.int().nonnegative().nullable().describe('What its memory takes up; set when it is complete'),
  }),
  example: {
    request: { ...exampleSnapshot, withMemory: true },
    reply: { isComplete: true, memoryBytes: 134_217_728 },
  },
});

export const deleteSnapshot = defineCommand({
  name: 'host.delete-snapshot',
  version: 1,
  description:
    'Removes a snapshot from the disks of a VM, running or not; whatever there is of it. It is not waited for to the end: sent again it tells whether it is gone. None is success. Errors: VM_BUSY (another is being made), VM_UNRESPONSIVE, HYPERVISOR_ERROR, STORAGE_UNAVAILABLE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: SNAPSHOT,
  reply: z.object({ isComplete: z.boolean() }),
  example: { request: exampleSnapshot, reply: { isComplete: true } },
});

export const revertToSnapshot = defineCommand({
  name: 'host.revert-to-snapshot',
  version: 1,
  description:
    'Brings the disks of a VM that is off back to a snapshot; with its memory the guest runs on from there. It is not waited for to the end: sent again it tells whether it has come about, and is done once for an operation. One that began and did not end keeps the VM from being started until another has ended. Errors: VM_NOT_FOUND, VM_BUSY (it is not off), SNAPSHOT_MISSING and SNAPSHOT_DISKS_DIFFER (nothing was changed), REVERT_UNFINISHED (it, or one before, failed half-way), FILTER_MISSING, DISK_MISSING and the other problems of disks and volumes, UNSUPPORTED_BY_DRIVER, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: SNAPSHOT.extend({ operationId: Uuid, withMemory: z.boolean() }),
  reply: z.object({ isComplete: z.boolean() }),
  example: {
    request: { ...exampleSnapshot, operationId: '0196f5a0-0000-7000-8000-0000000000b1', withMemory: false },
    reply: { isComplete: true },
  },
});

export const dismissRevert = defineCommand({
  name: 'host.dismiss-revert',
  version: 1,
  description:
    'Lets a VM be started although a revert of it began and did not end: its disks may be of two times. None is success. Errors: VM_BUSY (it is under way), STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid, fence: Fence }),
  reply: z.object({ wasUnfinished: z.boolean() }),
  example: { request: { vmId: EXAMPLE_VM, fence: 1 }, reply: { wasUnfinished: true } },
});
