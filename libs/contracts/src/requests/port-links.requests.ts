import { z } from 'zod';
import { defineCommand, defineQuery } from '../messages/define.js';
import { MAX_CARDS, ObservedLinks } from '../model/port-links.js';
import { Fence, MacAddress, Uuid } from '../model/scalars.js';

const EXAMPLE_VM = '0196f5a0-0000-7000-8000-000000000001';
const EXAMPLE_MAC = '52:54:00:12:34:56';

export const inspectPortLinks = defineQuery({
  name: 'host.inspect-port-links',
  version: 1,
  description:
    'Which cards of the domain of a VM have a link, in its definition and while it runs. Does not wait for the guest.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 10_000,
  request: z.object({ vmId: Uuid }),
  reply: ObservedLinks,
  example: {
    request: { vmId: EXAMPLE_VM },
    reply: { definition: [{ mac: EXAMPLE_MAC, linkState: 'UP' }], live: null },
  },
});

export const setPortLinks = defineCommand({
  name: 'host.set-port-links',
  version: 1,
  description:
    'Takes the link from these cards of a VM and gives it to its other ones, in its definition or in what runs; nothing else of it is changed. It is done when the domain shows it. A card that the domain does not have is passed over; one that is off, when what runs is meant, is success. Errors: VM_NOT_FOUND, STALE_FENCE, VM_UNRESPONSIVE, DEADLINE_EXCEEDED, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR.',
  owner: 'hypervisor-agent',
  callers: ['vms'],
  timeoutMs: 15_000,
  request: z.object({
    vmId: Uuid,
    fence: Fence,
    of: z.enum(['definition', 'live']),
    // A spec says of more than our ports once somebody accepted the drift of cards that were put beside them.
    down: z.array(MacAddress).max(MAX_CARDS).describe('The cards that shall have no link; every other one shall'),
  }),
  reply: ObservedLinks,
  example: {
    request: { vmId: EXAMPLE_VM, fence: 1, of: 'live', down: [EXAMPLE_MAC] },
    reply: {
      definition: [{ mac: EXAMPLE_MAC, linkState: 'DOWN' }],
      live: [{ mac: EXAMPLE_MAC, linkState: 'DOWN' }],
    },
  },
});
