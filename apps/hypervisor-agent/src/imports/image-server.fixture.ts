import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that has one file, and does with it what servers do. */
export class ImageServer {
  readonly requests: { readonly path: string; readonly range: string | undefined }[] = [];
  /** Where a path leads to instead. */
  readonly redirects = new Map<string, string>();
  /** What the next requests are answered with instead of the file. */
  readonly failures: number[] = [];
  /** After how many bytes the next answers stand still. */
  readonly standstills: number[] = [];
  /** The path at which it wants to speak another protocol. */
  static readonly UPGRADE = '/upgrade';
  content = Buffer.alloc(0);
  knowsRanges = true;
  tellsLength = true;
  private readonly still = new Set<ServerResponse>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ImageServer> {
    const server = createServer();
    const images = new ImageServer(server);
    server.on('request', (request, response) => {
      images.answer(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return images;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/image', host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  /** As it was when it started. */
  reset(content: Buffer): void {
    this.breakOff();
    this.redirects.clear();
    for (const list of [this.requests, this.failures, this.standstills]) list.length = 0;
    Object.assign(this, { content, knowsRanges: true, tellsLength: true });
  }

  /** Whatever stands still ends. */
  breakOff(): void {
    for (const response of this.still) response.destroy();
    this.still.clear();
  }

  async stop(): Promise<void> {
    this.breakOff();
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
  }

  private answer({ url: path = '', headers: { range } }: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ path, range });
    const location = this.redirects.get(path);
    const failure = this.failures.shift();
    if (path === ImageServer.UPGRADE) response.writeHead(101, { connection: 'upgrade', upgrade: 'other' }).end();
    else if (location !== undefined) response.writeHead(302, { location }).end();
    else if (failure !== undefined) response.writeHead(failure).end();
    else this.send(response, this.knowsRanges && range !== undefined ? Number(/\d+/.exec(range)?.[0]) : 0);
  }

  private send(response: ServerResponse, from: number): void {
    const { length } = this.content;
    if (from > 0 && from >= length) {
      response.writeHead(416).end();
      return;
    }
    const body = this.content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      ...(this.tellsLength ? { 'content-length': body.length } : {}),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${length - 1}/${length}` } : {}),
    });
    const standstill = this.standstills.shift();
    if (standstill === undefined) {
      response.end(body);
      return;
    }
    this.still.add(response);
    response.write(body.subarray(0, standstill));
  }
}
