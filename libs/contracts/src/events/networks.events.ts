import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { HostNetworkStatus, NetworkDifference } from '../model/network-status.js';
import { Ipv4Address, Ipv4Cidr, MacAddress, Uuid } from '../model/scalars.js';

const EXAMPLE_NETWORK = '0196f5a0-0000-7000-8000-0000000000b1';

export const networkCreated = defineEvent({
  name: 'network.created',
  version: 1,
  description: 'A network exists from now on.',
  producer: 'networks',
  data: z.object({ networkId: Uuid, name: z.string(), cidr: Ipv4Cidr }),
  example: { networkId: EXAMPLE_NETWORK, name: 'default', cidr: '10.80.0.0/24' },
});

export const networkDeleted = defineEvent({
  name: 'network.deleted',
  version: 1,
  description: 'A network is gone.',
  producer: 'networks',
  data: z.object({ networkId: Uuid, name: z.string() }),
  example: { networkId: EXAMPLE_NETWORK, name: 'default' },
});

const portData = z.object({ portId: Uuid, networkId: Uuid, vmId: Uuid, mac: MacAddress, address: Ipv4Address });
const portExample = {
  portId: '0196f5a0-0000-7000-8000-0000000000c1',
  networkId: EXAMPLE_NETWORK,
  vmId: '0196f5a0-0000-7000-8000-000000000001',
  mac: '52:54:00:12:34:56',
  address: '10.80.0.10',
};

export const portAllocated = defineEvent({
  name: 'port.allocated',
  version: 1,
  description: 'A VM received a network card with an address.',
  producer: 'networks',
  data: portData,
  example: portExample,
});

export const portReleased = defineEvent({
  name: 'port.released',
  version: 1,
  description: 'A network card and its address are free again.',
  producer: 'networks',
  data: portData,
  example: portExample,
});

export const networkHostStatusChanged = defineEvent({
  name: 'network.host-status-changed',
  version: 1,
  description:
    'How a network stands on a host changed: it drifted from what it should be, was repaired, or could not be.',
  producer: 'networks',
  data: z.object({
    networkId: Uuid,
    hostId: Uuid,
    status: HostNetworkStatus,
    differences: z.array(NetworkDifference),
    errorCode: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  example: {
    networkId: EXAMPLE_NETWORK,
    hostId: '0196f5a0-0000-7000-8000-0000000000aa',
    status: 'DRIFTED',
    differences: [{ kind: 'TAP_DETACHED', detail: 'vnet0 is in no bridge' }],
    errorCode: null,
    reason: null,
  },
});
