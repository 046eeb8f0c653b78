import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';

const document = (mostCharacters: number) => z.string().min(1).max(mostCharacters);

export const ensureSeed = defineCommand({
  name: 'host.ensure-seed',
  version: 1,
  description:
    'Makes the disk that cloud-init reads in the guest (NoCloud: a CD-ROM with the label CIDATA, read-only), and puts it into the definition of a VM that is off. The same documents are not written twice. host.define-vm leaves it out again, host.undefine-vm and host.remove-disk remove it. Errors: VM_NOT_FOUND when there is no definition, VM_BUSY while the domain runs, STORAGE_UNAVAILABLE, STALE_FENCE, DEADLINE_EXCEEDED, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({
    vmId: Uuid,
    fence: Fence,
    instanceId: Uuid.describe('The instance-id that metaData says'),
    metaData: document(4_096).describe('The file meta-data'),
    userData: document(524_288).describe('The file user-data; may hold the hash of a password'),
    networkConfig: document(16_384).describe('The file network-config'),
  }),
  reply: z.object({ written: z.boolean().describe('The disk is another one than before') }),
  example: {
    request: {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      fence: 1,
      instanceId: '0196f5a0-0000-7000-8000-0000000000a7',
      metaData: 'instance-id: "0196f5a0-0000-7000-8000-0000000000a7"\nlocal-hostname: "web-1"\n',
      userData: '#cloud-config\npackages:\n  - "nginx"\n',
      networkConfig:
        'version: 2\nethernets:\n  nic0:\n    match:\n      macaddress: "52:54:00:12:34:56"\n    dhcp4: true\n',
    },
    reply: { written: true },
  },
});
