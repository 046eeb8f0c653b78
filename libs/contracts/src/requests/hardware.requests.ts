import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { Fence } from '../model/scalars.js';
import { VmSpec } from '../model/vm.js';
import { VmHardware } from '../model/vm-hardware.js';
import { VmSizes } from '../model/vm-sizes.js';
import { VmTuning } from '../model/vm-tuning.js';

const EXAMPLE_SPEC = {
  vmId: '0196f5a0-0000-7000-8000-000000000001',
  departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
  name: 'web-1',
  vcpus: 1,
  memoryMib: 256,
  nics: [],
  filterName: null,
};

export const defineMachine = defineCommand({
  name: 'host.define-machine',
  version: 1,
  description:
    'Defines the domain of a VM as host.define-vm does, made of this hardware. Variables of UEFI and the contents of a TPM stay through it, and go with the domain; each firmware has variables of its own. Errors: STALE_FENCE, UNSUPPORTED_BY_DRIVER where the driver runs no guests, and for HOST_PASSTHROUGH without KVM, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({ fence: Fence, spec: VmSpec, hardware: VmHardware }),
  reply: z.object({}),
  example: {
    request: {
      fence: 1,
      spec: EXAMPLE_SPEC,
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

export const defineTunedMachine = defineCommand({
  name: 'host.define-tuned-machine',
  version: 1,
  description:
    'Defines the domain of a VM as host.define-machine does, with this memory and these CPUs of the host, and with all of its sizes: what is beyond those of the spec is room. Whether the host has what is asked for shows at the start. Errors: STALE_FENCE, UNSUPPORTED_BY_DRIVER where the driver runs no guests, and for HOST_PASSTHROUGH without KVM, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({ fence: Fence, spec: VmSpec, hardware: VmHardware, tuning: VmTuning, sizes: VmSizes }),
  reply: z.object({}),
  example: {
    request: {
      fence: 1,
      spec: { ...EXAMPLE_SPEC, vcpus: 2, memoryMib: 4_096 },
      hardware: { firmware: 'BIOS', machine: 'PC', cpuModel: 'DEFAULT', tpm: false, bootOrder: ['DISK'] },
      tuning: {
        hugePages: 'MIB_2',
        cpuPinning: ['0-3', '0-3', '4', '5'],
        numaNodes: [
          { vcpus: '0-1', memoryMib: 2_048, hostNode: 0 },
          { vcpus: '2-3', memoryMib: 2_048, hostNode: null },
        ],
      },
      sizes: { vcpus: 2, maxVcpus: 4, memoryMib: 4_096, maxMemoryMib: 4_096 },
    },
    reply: {},
  },
});
