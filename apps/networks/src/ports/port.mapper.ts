import type { VmNic } from '@infinibay/contracts';
import { libvirtNetworkName } from '@infinibay/networks-domain';
import type { Port as PortRow } from '../generated/prisma/client.js';
import type { Port } from './port.model.js';

export const toPort = (row: PortRow): Port => ({
  id: row.id,
  mac: row.mac,
  address: row.address,
  createdAt: row.createdAt,
  vm: { id: row.vmId },
  networkId: row.networkId,
});

export const toNic = (row: PortRow): VmNic => ({
  portId: row.id,
  networkId: row.networkId,
  mac: row.mac,
  address: row.address,
  networkName: libvirtNetworkName(row.networkId),
});
