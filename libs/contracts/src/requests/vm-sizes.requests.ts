import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { Fence, Uuid } from '../model/scalars.js';
import { ObservedSizes, VmSizes } from '../model/vm-sizes.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const OF_A_VM = z.object({ vmId: Uuid, fence: Fence, sizes: VmSizes });
const exampleSizes = { vcpus: 2, maxVcpus: 4, memoryMib: 512, maxMemoryMib: 1_024 };
const exampleRequest = { vmId: EXAMPLE_VM, fence: 1, sizes: exampleSizes };
const exampleDefinition = { vcpus: 2, maxVcpus: 4, memoryKib: 524_288, maxMemoryKib: 1_048_576 };
const exampleObserved = {
  definition: exampleDefinition,
  live: { vcpus: 1, maxVcpus: 1, memoryKib: 262_144, maxMemoryKib: 262_144 },
};

export const inspectSizes = defineQuery({
  name: 'host.inspect-sizes',
  version: 1,
  description:
    'How large the domain of a VM is, in its definition and while it runs. Does not wait for the guest: its memory is what the balloon last told.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: ObservedSizes,
  example: { request: { vmId: EXAMPLE_VM }, reply: exampleObserved },
});

export const resizeDefinition = defineCommand({
  name: 'host.resize-definition',
  version: 1,
  description:
    'Gives the definition of a domain these sizes, for its next start; nothing else of it is changed, and what runs is not touched. One that has them is success. Errors: VM_NOT_FOUND, STALE_FENCE, DEADLINE_EXCEEDED, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 15_000,
  request: OF_A_VM,
  reply: ObservedSizes,
  example: { request: exampleRequest, reply: exampleObserved },
});

export const resizeLive = defineCommand({
  name: 'host.resize-live',
  version: 1,
  description:
    'Brings what runs as near to these sizes as guest, emulator and the bounds of its start allow, and tells what it came to: what it refuses is no error. Memory moves with the balloon, as fast as the guest lets it: only what has been asked for is done then. One that is off is success. Errors: VM_NOT_FOUND, STALE_FENCE, VM_UNRESPONSIVE, DEADLINE_EXCEEDED.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: OF_A_VM,
  reply: ObservedSizes,
  example: { request: exampleRequest, reply: exampleObserved },
});
