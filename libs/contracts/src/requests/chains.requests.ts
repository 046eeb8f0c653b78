import { z } from 'zod';
import { defineQuery } from '../messages/define.js';
import { DiskLayer, MAX_LAYERS } from '../model/disk-chain.js';
import { Uuid } from '../model/scalars.js';

export const inspectChain = defineQuery({
  name: 'host.inspect-chain',
  version: 1,
  description:
    'What the own disk of a VM, or a volume, consists of, from the top: its file, what that keeps of snapshots (the newest first), and the image that it reads from. Of one that a guest runs on too. Its file is looked at before qemu-img opens it, as before a start, and nothing is told of one that reads from anything else. Errors: DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, IMAGE_MISSING, IMAGE_REPLACED, VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE, UNSUPPORTED_BY_DRIVER (the host has no qemu-img), HYPERVISOR_ERROR (qemu-img can not read it within its limits), DEADLINE_EXCEEDED.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 15_000,
  request: z.object({
    kind: z.enum(['DISK', 'VOLUME']),
    id: Uuid.describe('Of the VM whose own disk it is, or of the volume'),
  }),
  reply: z.object({ layers: z.array(DiskLayer).min(1).max(MAX_LAYERS) }),
  example: {
    request: { kind: 'DISK', id: '0196f5a0-0000-7000-8000-000000000001' },
    reply: {
      layers: [
        {
          role: 'OWN',
          format: 'qcow2',
          virtualSizeBytes: 10_737_418_240,
          allocatedBytes: 262_144,
          imageId: null,
          snapshotId: null,
          path: '/var/lib/infinibay/disks/vm-0196f5a0-0000-7000-8000-000000000001.qcow2',
        },
        {
          role: 'IMAGE',
          format: 'qcow2',
          virtualSizeBytes: 2_147_483_648,
          allocatedBytes: 398_458_880,
          imageId: '0196f5a0-0000-7000-8000-0000000000e1',
          snapshotId: null,
          path: '/var/lib/infinibay/images/debian-12.qcow2',
        },
      ],
    },
  },
});
