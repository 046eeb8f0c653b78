import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { ObservedCdrom } from '../model/cdrom.js';
import { Fence, Uuid } from '../model/scalars.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_IMAGE = '0196f5a0-0000-7000-8000-0000000000b1';

const Medium = Uuid.nullable().describe('An ISO among the images of the host; null: the drive is empty');

export const inspectCdrom = defineQuery({
  name: 'host.inspect-cdrom',
  version: 1,
  description:
    'Whether the CD drive of a VM holds this image, in its definition and while it runs. Does not wait for the guest.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid, imageId: Medium }),
  reply: ObservedCdrom,
  example: {
    request: { vmId: EXAMPLE_VM, imageId: EXAMPLE_IMAGE },
    reply: { definition: 'AS_ASKED', live: null },
  },
});

export const setCdrom = defineCommand({
  name: 'host.set-cdrom',
  version: 1,
  description:
    'Puts an image into the CD drive of a VM, read-only, or takes out what is in it, in its definition or in what runs. A definition without a drive gets one; what runs without one has it from its next start on, which is success. The drive of cloud-init is another one. Errors: VM_NOT_FOUND, IMAGE_NOT_FOUND (also when the file is not what it was imported as), CDROM_LOCKED, STALE_FENCE, DEADLINE_EXCEEDED, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  // libvirt waits some seconds for a guest that has locked the tray.
  timeoutMs: 30_000,
  request: z.object({ vmId: Uuid, fence: Fence, of: z.enum(['definition', 'live']), imageId: Medium }),
  reply: ObservedCdrom,
  example: {
    request: { vmId: EXAMPLE_VM, fence: 1, of: 'live', imageId: EXAMPLE_IMAGE },
    reply: { definition: 'AS_ASKED', live: 'AS_ASKED' },
  },
});

export const ensureBlankDisk = defineCommand({
  name: 'host.ensure-blank-disk',
  version: 1,
  description:
    'Makes the disk of a VM that is installed from an ISO: it holds nothing and reads from no image. One that exists already is success; one that this host has made and that is gone is not made again. Errors: IMAGE_NOT_FOUND, DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, STORAGE_UNAVAILABLE, STALE_FENCE.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: z.object({
    vmId: Uuid,
    fence: Fence,
    imageId: Uuid.describe('The ISO that it is installed from; the disk says of itself that it is of that'),
    capacityBytes: z.int().positive(),
  }),
  reply: z.object({ created: z.boolean() }),
  example: {
    request: { vmId: EXAMPLE_VM, fence: 1, imageId: EXAMPLE_IMAGE, capacityBytes: 10_737_418_240 },
    reply: { created: true },
  },
});
