import type { Request } from 'express';
import { CLIENT_ADDRESS_HEADER } from '@infinibay/platform-access';

/** Where the client of the gateway is; a caller other than the gateway counts as the client. */
export const clientAddress = (request: Request): string => {
  const header = request.headers[CLIENT_ADDRESS_HEADER];
  return typeof header === 'string' && header.length <= 64 ? header : (request.socket.remoteAddress ?? 'unknown');
};
