// What requests on migrations have in common.
import { z } from 'zod';
import { Fence, Uuid } from '../model/scalars.js';

export const VM = '0196f5a0-0000-7000-8000-000000000001';
const STORAGE = '0196f5a0-0000-7000-8000-0000000000c7';
export const OTHER_STORAGE = '0196f5a0-0000-7000-8000-0000000000c8';
export const OF_MIGRATION = z.object({
  vmId: Uuid,
  fence: Fence,
  migrationId: Uuid.describe('Of the operation that moves it'),
});
export const exampleMigration = { vmId: VM, fence: 3, migrationId: '0196f5a0-0000-7000-8000-0000000000f4' };
export const exampleSource = {
  storageId: STORAGE,
  virtType: 'kvm' as const,
  disk: {
    imageId: '0196f5a0-0000-7000-8000-0000000000e1',
    imageSha256: 'a'.repeat(64),
    isLinked: true,
    capacityBytes: 1_073_741_824,
    usedBytes: 196_608,
  },
  hasSeed: false,
};
export const exampleTarget = {
  storageId: OTHER_STORAGE,
  libvirtUri: 'qemu+tls://host-2/system',
  memoryUri: 'tcp://host-2',
  disksUri: null,
  diskPath: `/var/lib/infinibay/disks/${VM}.qcow2`,
  agentSocketPath: `/run/infinibay/agents/${VM}/agent.sock`,
  screenSocketPath: `/run/infinibay/screens/${VM}/vnc/socket`,
  consoleLogPath: null,
  seedPath: null,
};
