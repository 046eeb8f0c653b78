import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ImageServer {
  readonly url: string;
  /** In hexadecimal digits, as whoever offers an image tells it. */
  readonly sha256: string;
  readonly stop: () => Promise<void>;
}

/** One file on a port of the loopback interface, as a mirror of an operator offers it. */
export async function serveImage(file: string): Promise<ImageServer> {
  const content = readFileSync(file);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': content.length, etag: '"1"' }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/image.qcow2`,
    sha256: createHash('sha256').update(content).digest('hex'),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
