import { capacityOf, formatIpv4, gatewayOf, parseNetworkCidr } from '@infinibay/networks-domain';
import type { Network as NetworkRow } from '../generated/prisma/client.js';
import type { Network } from './network.model.js';

export const toNetwork = (row: NetworkRow): Network => {
  const cidr = parseNetworkCidr(row.cidr);
  return {
    id: row.id,
    name: row.name,
    cidr: row.cidr,
    gateway: formatIpv4(gatewayOf(cidr)),
    capacity: capacityOf(cidr),
    createdAt: row.createdAt,
    department: { id: row.departmentId },
  };
};
