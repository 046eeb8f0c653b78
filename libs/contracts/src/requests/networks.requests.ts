import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { Fence, MacAddress, Uuid } from '../model/scalars.js';
import { VmNic } from '../model/vm.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_HOST = '0196f5a0-0000-7000-8000-0000000000aa';
const EXAMPLE_DEPARTMENT = '0196f5a0-0000-7000-8000-0000000000d1';
const EXAMPLE_NETWORK = '0196f5a0-0000-7000-8000-0000000000b1';

export const selectNetwork = defineQuery({
  name: 'networks.select-network',
  version: 1,
  description:
    'The network that a new VM of a department gets: the one asked for, or its oldest. Errors: NETWORK_NOT_FOUND, NETWORK_REQUIRED.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 2_000,
  request: z.object({ departmentId: Uuid, networkId: Uuid.nullable() }),
  reply: z.object({ networkId: Uuid }),
  example: {
    request: { departmentId: EXAMPLE_DEPARTMENT, networkId: null },
    reply: { networkId: EXAMPLE_NETWORK },
  },
});

export const attachVm = defineCommand({
  name: 'networks.attach-vm',
  version: 1,
  description:
    'Gives a VM a port with MAC and address in a network and makes the network, with its DHCP reservation, on the host. Repeating gives the same port. Errors: NETWORK_NOT_FOUND, ADDRESSES_EXHAUSTED, HOST_UNAVAILABLE.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({
    vmId: Uuid,
    departmentId: Uuid,
    networkId: Uuid,
    hostId: Uuid,
    hostname: z.string().max(63),
    fence: Fence,
  }),
  reply: z.object({ nic: VmNic }),
  example: {
    request: {
      vmId: EXAMPLE_VM,
      departmentId: EXAMPLE_DEPARTMENT,
      networkId: EXAMPLE_NETWORK,
      hostId: EXAMPLE_HOST,
      hostname: 'web-1',
      fence: 1,
    },
    reply: {
      nic: {
        portId: '0196f5a0-0000-7000-8000-0000000000c1',
        networkId: EXAMPLE_NETWORK,
        mac: '52:54:00:12:34:56',
        address: '10.80.0.10',
        networkName: 'infinibay-0196f5a0b1',
      },
    },
  },
});

export const detachVm = defineCommand({
  name: 'networks.detach-vm',
  version: 1,
  description: 'Frees every port of a VM and its DHCP reservations. A VM without ports is success.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({ vmId: Uuid, hostId: Uuid.nullable(), fence: Fence }),
  reply: z.object({}),
  example: { request: { vmId: EXAMPLE_VM, hostId: EXAMPLE_HOST, fence: 2 }, reply: {} },
});

export const findPorts = defineQuery({
  name: 'networks.find-ports',
  version: 1,
  description: 'The ports of a VM, in the order in which it received them. None of one that there is not.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 2_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({ ports: z.array(z.object({ portId: Uuid, mac: MacAddress })).max(16) }),
  example: {
    request: { vmId: EXAMPLE_VM },
    reply: { ports: [{ portId: '0196f5a0-0000-7000-8000-0000000000c1', mac: '52:54:00:12:34:56' }] },
  },
});

export const keepPort = defineCommand({
  name: 'networks.keep-port',
  version: 1,
  description:
    'Frees every port of a VM in other networks than this, with its DHCP reservations. A VM without other ports is success.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({ vmId: Uuid, networkId: Uuid, fence: Fence }),
  reply: z.object({}),
  example: { request: { vmId: EXAMPLE_VM, networkId: EXAMPLE_NETWORK, fence: 2 }, reply: {} },
});

export const findNics = defineQuery({
  name: 'networks.find-nics',
  version: 1,
  description: 'The ports of a VM as its host must make them, the first one first. None of one that there is not.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 2_000,
  request: z.object({ vmId: Uuid }),
  reply: z.object({ nics: z.array(VmNic).max(16) }),
  example: {
    request: { vmId: EXAMPLE_VM },
    reply: {
      nics: [
        {
          portId: '0196f5a0-0000-7000-8000-0000000000c1',
          networkId: EXAMPLE_NETWORK,
          mac: '52:54:00:12:34:56',
          address: '10.80.0.10',
          networkName: 'infinibay-0196f5a0b1',
        },
      ],
    },
  },
});

export const keepPorts = defineCommand({
  name: 'networks.keep-ports',
  version: 1,
  description:
    'Frees every port of a VM in other networks than these, with its DHCP reservations; those that it keeps are in this order from then on. A VM without other ports is success.',
  owner: 'networks',
  callers: ['vms'],
  timeoutMs: 20_000,
  request: z.object({ vmId: Uuid, networkIds: z.array(Uuid).min(1).max(16), fence: Fence }),
  reply: z.object({}),
  example: { request: { vmId: EXAMPLE_VM, networkIds: [EXAMPLE_NETWORK], fence: 2 }, reply: {} },
});
