import type { Request } from 'express';
import { CLIENT_ADDRESS_HEADER, addressKey } from '@infinibay/platform-access';

/**
 * Where the client of the gateway is, as limits count it: one customer's network of IPv6 has more addresses than any limit.
 * A caller other than the gateway counts as the client.
 */
export const clientAddress = (request: Request): string => {
  const header = request.headers[CLIENT_ADDRESS_HEADER];
  const isTold = typeof header === 'string' && header.length <= 64;
  return addressKey(isTold ? header : (request.socket.remoteAddress ?? 'unknown'));
};
