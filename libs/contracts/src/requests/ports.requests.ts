import { z } from 'zod';
import { defineCommand } from '../messages/define.js';
import { PortLinkState } from '../model/port-links.js';
import { Fence, MacAddress, Uuid } from '../model/scalars.js';
import { VmNic } from '../model/vm.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_MAC = '52:54:00:12:34:56';
const ON_A_VM = z.object({ vmId: Uuid, fence: Fence });

export const attachPort = defineCommand({
  name: 'host.attach-port',
  version: 1,
  description:
    'Makes a port a further network card of a VM: of its definition, and of the guest when that runs, behind the filter of the VM. One that is there is success. The guest finds it by its MAC address. Errors: FILTER_MISSING, FILTER_NOT_ENFORCED, VM_MEMORY_SAVED, STALE_FENCE, VM_UNRESPONSIVE, UNSUPPORTED_BY_DRIVER (a running guest of the test driver), HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VM.extend({
    nic: VmNic,
    slot: z.int().min(1).max(8).describe('Which of the places for further cards it has; no other card has the same'),
    filterName: z.string().max(128).nullable().describe('nwfilter bound to the card; null where the driver has none'),
    linkState: PortLinkState.describe('Of the card as it is plugged in; one that is there keeps its link'),
  }),
  reply: z.object({ isLive: z.boolean().describe('The running guest has it') }),
  example: {
    request: {
      vmId: EXAMPLE_VM,
      fence: 1,
      nic: {
        portId: '0196f5a0-0000-7000-8000-0000000000c1',
        networkId: '0196f5a0-0000-7000-8000-0000000000b1',
        mac: EXAMPLE_MAC,
        address: '10.80.0.10',
        networkName: 'infinibay-0196f5a0b1',
      },
      slot: 1,
      filterName: `infinibay-vm-${EXAMPLE_VM}`,
      linkState: 'UP',
    },
    reply: { isLive: true },
  },
});

export const detachPort = defineCommand({
  name: 'host.detach-port',
  version: 1,
  description:
    'Takes a network card away from a VM. A running guest is asked and must let go of it, which this does not wait for: sent again it tells whether the guest has. One that is not there is success. Errors: VM_MEMORY_SAVED, STALE_FENCE, VM_UNRESPONSIVE, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 30_000,
  request: ON_A_VM.extend({ mac: MacAddress }),
  reply: z.object({ isDetached: z.boolean().describe('Neither the guest nor the definition has it') }),
  example: { request: { vmId: EXAMPLE_VM, fence: 1, mac: EXAMPLE_MAC }, reply: { isDetached: false } },
});
