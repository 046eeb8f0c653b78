import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import {
  FilterDifference,
  FilterProofStatus,
  FilterSpec,
  FilterStatus,
  MAX_FILTER_DIFFERENCES,
} from '../model/firewall.js';
import { DiskProblem, HostInventory, ObservedVm } from '../model/host.js';
import { NetworkSpec } from '../model/network.js';
import { Fence, MacAddress, Uuid } from '../model/scalars.js';
import { DomainPower, VmSpec } from '../model/vm.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_NETWORK = '0196f5a0-0000-7000-8000-0000000000b1';
const ON_A_VM = z.object({ vmId: Uuid, fence: Fence });
const exampleOnAVm = { vmId: EXAMPLE_VM, fence: 1 };
const POWER_REPLY = z.object({ power: DomainPower });

export const inspectVm = defineQuery({
  name: 'host.inspect-vm',
  version: 1,
  description:
    'What the host really has of a VM: the power of its domain, and its disk. Neither waits for the guest. Packet filters are told by host.inspect-filter.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({
    domain: z.object({ power: DomainPower, reason: z.string().max(64) }).nullable(),
    disk: z.object({ capacityBytes: z.int().nonnegative() }).nullable(),
  }),
  example: {
    request: { vmId: EXAMPLE_VM },
    reply: { domain: { power: 'running', reason: 'booted' }, disk: { capacityBytes: 1_073_741_824 } },
  },
});

export const inspectDisk = defineQuery({
  name: 'host.inspect-disk',
  version: 1,
  description:
    "Whether the VM's disk is the one that was made for it, whole, on the storage and on the image that it was made on. Tells it without changing anything. ABSENT: the storage is there and has no such file.",
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({
    status: z.enum(['SOUND', 'ABSENT', 'UNUSABLE']),
    capacityBytes: z.int().nonnegative().nullable().describe('Bytes that the guest sees; set when SOUND'),
    problem: DiskProblem.nullable().describe('Set unless SOUND'),
  }),
  example: {
    request: { vmId: EXAMPLE_VM },
    reply: { status: 'SOUND', capacityBytes: 1_073_741_824, problem: null },
  },
});

export const ensureDisk = defineCommand({
  name: 'host.ensure-disk',
  version: 1,
  description:
    "Makes the VM's disk as a linked clone of a checked image; one that exists already is success. Made once: a disk that this host has made and that is gone is not made again. Errors: IMAGE_NOT_FOUND, DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, IMAGE_MISSING, IMAGE_REPLACED, STORAGE_UNAVAILABLE, STALE_FENCE.",
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 60_000,
  request: ON_A_VM.extend({ imageId: Uuid, capacityBytes: z.int().positive() }),
  reply: z.object({ created: z.boolean() }),
  example: {
    request: { ...exampleOnAVm, imageId: '0196f5a0-0000-7000-8000-0000000000e1', capacityBytes: 1_073_741_824 },
    reply: { created: true },
  },
});

export const removeDisk = defineCommand({
  name: 'host.remove-disk',
  version: 1,
  description:
    "Removes the VM's disk. None is success; a file that is not this VM's disk is left alone. While the storage is away the disk is removed as soon as it is back. Errors: VM_BUSY while the domain runs, STALE_FENCE.",
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VM,
  reply: z.object({ removed: z.boolean() }),
  example: { request: exampleOnAVm, reply: { removed: true } },
});

export const defineVm = defineCommand({
  name: 'host.define-vm',
  version: 1,
  description: 'Defines the domain of a VM, or redefines it. Errors: STALE_FENCE, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: z.object({ fence: Fence, spec: VmSpec }),
  reply: z.object({}),
  example: {
    request: {
      fence: 1,
      spec: {
        vmId: EXAMPLE_VM,
        departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
        name: 'web-1',
        vcpus: 1,
        memoryMib: 256,
        nics: [],
        filterName: null,
      },
    },
    reply: {},
  },
});

const powerCommand = (verb: string, description: string, timeoutMs: number) =>
  defineCommand({
    name: `host.${verb}`,
    version: 1,
    description,
    owner: 'hypervisor-agent',
    callers: ['vms'],
    timeoutMs,
    request: ON_A_VM,
    reply: POWER_REPLY,
    example: { request: exampleOnAVm, reply: { power: 'running' } },
  });

export const startVm = powerCommand(
  'start-vm',
  'Starts the defined domain; one that runs is success. Refuses to start a VM whose filter is missing where filters are supported, and one whose disk is not the one that was made for it. Errors: VM_NOT_FOUND, STALE_FENCE, FILTER_MISSING, DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, IMAGE_MISSING, IMAGE_REPLACED, STORAGE_UNAVAILABLE, VM_MEMORY_SAVED when volumes came or went since its memory was saved, VM_BUSY while the guest is shutting down, VM_UNRESPONSIVE, HYPERVISOR_ERROR.',
  60_000,
);
export const resumeVm = powerCommand(
  'resume-vm',
  'Lets a paused domain run on, and wakes one that sleeps; one that runs is success. Errors: VM_NOT_FOUND, STALE_FENCE, VM_BUSY when it is neither, VM_UNRESPONSIVE, HYPERVISOR_ERROR.',
  30_000,
);
export const suspendVm = powerCommand(
  'suspend-vm',
  'Stops the processors of the guest; one that is paused already is success, whatever paused it. Errors: VM_NOT_FOUND, STALE_FENCE, VM_BUSY when it does not run, VM_UNRESPONSIVE, DEADLINE_EXCEEDED, HYPERVISOR_ERROR.',
  15_000,
);
export const shutdownVm = powerCommand(
  'shutdown-vm',
  'Asks the guest to power off and does not wait until it is off; one that is off is success. The emulator must take the request: one that hangs makes this wait until the deadline. Errors: VM_NOT_FOUND, STALE_FENCE, VM_UNRESPONSIVE, DEADLINE_EXCEEDED.',
  15_000,
);
export const forceOffVm = powerCommand(
  'force-off-vm',
  'Cuts the power, of a guest that hangs too: that one is given ten seconds to go. One that is off is success. Errors: VM_NOT_FOUND, STALE_FENCE.',
  30_000,
);

export const rebootVm = defineCommand({
  name: 'host.reboot-vm',
  version: 1,
  description:
    'Asks the guest to restart, once for each operation, and does not wait until it has: sent again for the same operation it tells whether the guest has restarted since. Errors: VM_NOT_FOUND, STALE_FENCE, VM_BUSY when the guest does not run, VM_UNRESPONSIVE, UNSUPPORTED_BY_DRIVER, DEADLINE_EXCEEDED.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 15_000,
  request: ON_A_VM.extend({ operationId: Uuid }),
  reply: POWER_REPLY.extend({
    isRebooted: z.boolean().describe('The guest has restarted since it was asked for this operation'),
  }),
  example: {
    request: { ...exampleOnAVm, operationId: '0196f5a0-0000-7000-8000-0000000000f2' },
    reply: { power: 'running', isRebooted: false },
  },
});

export const resetVm = defineCommand({
  name: 'host.reset-vm',
  version: 1,
  description:
    'Presses the reset button, once for each operation however often it is sent, and through the death of whoever does it: the guest is stopped for it, and runs on afterwards if it ran before. Errors: VM_NOT_FOUND, STALE_FENCE, VM_BUSY when it is off or shutting down, VM_UNRESPONSIVE, UNSUPPORTED_BY_DRIVER, DEADLINE_EXCEEDED, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 15_000,
  request: ON_A_VM.extend({ operationId: Uuid }),
  reply: POWER_REPLY,
  example: {
    request: { ...exampleOnAVm, operationId: '0196f5a0-0000-7000-8000-0000000000f3' },
    reply: { power: 'running' },
  },
});

export const undefineVm = defineCommand({
  name: 'host.undefine-vm',
  version: 1,
  description: 'Forgets the domain of a VM that is off, and its agent socket. None is success.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VM,
  reply: z.object({ removed: z.boolean() }),
  example: { request: exampleOnAVm, reply: { removed: true } },
});

export const listHostVms = defineQuery({
  name: 'host.list-vms',
  version: 1,
  description: 'The inventory of the host and every VM of ours that libvirt lists, read now.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({}),
  reply: z.object({ inventory: HostInventory.nullable(), vms: z.array(ObservedVm) }),
  example: { request: {}, reply: { inventory: null, vms: [] } },
});

export const ensureNetwork = defineCommand({
  name: 'host.ensure-network',
  version: 1,
  description:
    'Makes the host have this network, active, with exactly these DHCP reservations; changes are live. An older revision than the one applied is ignored.',
  owner: 'hypervisor-agent',
  callers: ['networks'],
  timeoutMs: 30_000,
  request: z.object({ revision: z.int().nonnegative(), spec: NetworkSpec }),
  reply: z.object({ changed: z.boolean() }),
  example: {
    request: {
      revision: 1,
      spec: {
        networkId: EXAMPLE_NETWORK,
        name: 'infinibay-0196f5a0b1',
        bridge: 'ib0196f5a0b1',
        mac: '52:54:00:00:00:01',
        gateway: '10.80.0.1',
        prefixLength: 24,
        reservations: [{ mac: '52:54:00:12:34:56', address: '10.80.0.10', hostname: 'web-1' }],
      },
    },
    reply: { changed: true },
  },
});

export const removeNetwork = defineCommand({
  name: 'host.remove-network',
  version: 1,
  description: 'Stops and forgets a network of ours. None is success.',
  owner: 'hypervisor-agent',
  callers: ['networks'],
  timeoutMs: 30_000,
  request: z.object({ networkId: Uuid, name: z.string().min(1).max(63) }),
  reply: z.object({ removed: z.boolean() }),
  example: { request: { networkId: EXAMPLE_NETWORK, name: 'infinibay-0196f5a0b1' }, reply: { removed: true } },
});

export const ensureFilter = defineCommand({
  name: 'host.ensure-filter',
  version: 1,
  description:
    'Makes the host have this packet filter; a running VM that uses it gets the change at once. UNSUPPORTED where the driver has none. An older revision than the one applied is ignored.',
  owner: 'hypervisor-agent',
  callers: ['firewall'],
  timeoutMs: 30_000,
  request: z.object({ spec: FilterSpec }),
  reply: z.object({ filterName: z.string().nullable(), status: FilterStatus }),
  example: {
    request: { spec: { vmId: EXAMPLE_VM, revision: 1, rules: [] } },
    reply: { filterName: `infinibay-vm-${EXAMPLE_VM}`, status: 'APPLIED' },
  },
});

export const removeFilter = defineCommand({
  name: 'host.remove-filter',
  version: 1,
  description: "Forgets a VM's packet filter. None is success. Errors: VM_BUSY while a domain uses it.",
  owner: 'hypervisor-agent',
  callers: ['firewall'],
  timeoutMs: 30_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({ removed: z.boolean() }),
  example: { request: { vmId: EXAMPLE_VM }, reply: { removed: true } },
});

export const inspectFilter = defineQuery({
  name: 'host.inspect-filter',
  version: 1,
  description: "What the host enforces for a VM: libvirt's bindings and the kernel's own rules for its interfaces.",
  owner: 'hypervisor-agent',
  callers: ['firewall'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({
    status: FilterStatus,
    interfaces: z.array(
      z.object({ device: z.string().max(15), mac: MacAddress, kernelRules: z.array(z.string().max(2_000)).max(5_000) }),
    ),
  }),
  example: {
    request: { vmId: EXAMPLE_VM },
    reply: {
      status: 'APPLIED',
      interfaces: [
        {
          device: 'vnet0',
          mac: '52:54:00:12:34:56',
          kernelRules: ['-A FI-vnet0 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW,ESTABLISHED -j RETURN'],
        },
      ],
    },
  },
});

export const verifyFilter = defineQuery({
  name: 'host.verify-filter',
  version: 1,
  description:
    "Compares this packet filter with what the host enforces: libvirt's definition, every rule of every chain in the kernel with its order, and whatever keeps the kernel from asking them. It changes nothing. APPLIED: no packet passes that the filter closes.",
  owner: 'hypervisor-agent',
  callers: ['firewall'],
  timeoutMs: 20_000,
  request: z.object({ spec: FilterSpec }),
  reply: z.object({
    status: FilterProofStatus,
    differences: z.array(FilterDifference).max(MAX_FILTER_DIFFERENCES),
    differenceCount: z.int().nonnegative().describe('Of all, also those that are left out'),
  }),
  example: {
    request: { spec: { vmId: EXAMPLE_VM, revision: 1, rules: [] } },
    reply: {
      status: 'DRIFTED',
      differences: [{ path: 'iptables/filter/FORWARD', expected: null, actual: '-A FORWARD -j ACCEPT' }],
      differenceCount: 1,
    },
  },
});
