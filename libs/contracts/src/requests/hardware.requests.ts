import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence } from '../model/scalars.js';
import { VmSpec } from '../model/vm.js';
import { VmHardware } from '../model/vm-hardware.js';

export const defineMachine = defineCommand({
  name: 'host.define-machine',
  version: 1,
  description:
    'Defines the domain of a VM as host.define-vm does, made of this hardware. Variables of UEFI and the contents of a TPM stay through it, and go with the domain; each firmware has variables of its own. Errors: STALE_FENCE, UNSUPPORTED_BY_DRIVER where the driver runs no guests, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({ fence: Fence, spec: VmSpec, hardware: VmHardware }),
  reply: z.object({}),
  example: {
    request: {
      fence: 1,
      spec: {
        vmId: '0196f5a0-0000-7000-8000-000000000001',
        departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
        name: 'web-1',
        vcpus: 1,
        memoryMib: 256,
        nics: [],
        filterName: null,
      },
      hardware: {
        firmware: 'UEFI_SECURE_BOOT',
        machine: 'Q35',
        cpuModel: 'HOST_MODEL',
        tpm: true,
        bootOrder: ['DISK', 'NETWORK'],
      },
    },
    reply: {},
  },
});
