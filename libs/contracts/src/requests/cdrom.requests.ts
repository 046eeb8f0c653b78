import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';

/**
 * OFF: it does not run. LIVE: what runs has it. NEXT_START: what runs was started without a drive. HELD: its guest has locked
 * the tray, and keeps what is in it.
 */
export const CdromStatus = z.enum(['OFF', 'LIVE', 'NEXT_START', 'HELD']);
export type CdromStatus = z.infer<typeof CdromStatus>;

export const setCdrom = defineCommand({
  name: 'host.set-cdrom',
  version: 1,
  description:
    'Puts an image of this host into the CD-ROM drive of a VM, read-only, or takes out what is in it: in its definition, and in the drive of a guest that runs. A guest that was started without a drive has it from its next start on, and one that has locked its tray keeps what it has: sent again it tells whether the guest has let go. "Already so" is success. host.define-vm and host.define-machine leave the drive out again; a drive that is put in before the seed of cloud-init is the one that CDROM boots from. A VM without a definition gets it with that. Errors: IMAGE_NOT_FOUND, VM_MEMORY_SAVED, STALE_FENCE, DEADLINE_EXCEEDED, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: z.object({
    vmId: Uuid,
    fence: Fence,
    imageId: Uuid.nullable().describe('null: nothing is in it'),
  }),
  reply: z.object({ status: CdromStatus }),
  example: {
    request: {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      fence: 1,
      imageId: '0196f5a0-0000-7000-8000-0000000000e1',
    },
    reply: { status: 'LIVE' },
  },
});

export const ensureEmptyDisk = defineCommand({
  name: 'host.ensure-empty-disk',
  version: 1,
  description:
    "Makes the VM's disk with nothing on it, to be installed from an image of this host; one that exists already is success. Made once, as by host.ensure-disk. Errors: IMAGE_NOT_FOUND, DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, STORAGE_UNAVAILABLE, STALE_FENCE.",
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: z.object({
    vmId: Uuid,
    fence: Fence,
    imageId: Uuid.describe('What it is installed from; the disk does not read from it'),
    capacityBytes: z.int().positive().describe('What the guest sees'),
  }),
  reply: z.object({ created: z.boolean() }),
  example: {
    request: {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      fence: 1,
      imageId: '0196f5a0-0000-7000-8000-0000000000e1',
      capacityBytes: 10_737_418_240,
    },
    reply: { created: true },
  },
});
