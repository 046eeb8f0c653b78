import { existsSync } from 'node:fs';
import path from 'node:path';

import { toolchainDir } from './layout.ts';
import { StackError } from './stack-error.ts';

/** Where setup unpacks Debian's nats-server: the package itself would enable a system service. */
export const natsServerCacheBinary = path.join(toolchainDir, 'nats-server', 'usr', 'sbin', 'nats-server');

/** The server program: INFINIBAY_NATS_SERVER, what setup unpacked, or one on PATH. */
export function natsServerBinary(): string {
  const candidates = [
    process.env['INFINIBAY_NATS_SERVER'],
    natsServerCacheBinary,
    ...(process.env['PATH'] ?? '').split(':').map((dir) => path.join(dir, 'nats-server')),
  ];
  const found = candidates.find((file) => file !== undefined && file !== '' && existsSync(file));
  if (found === undefined) throw new StackError('nats-server is missing: run npm run setup');
  return found;
}
