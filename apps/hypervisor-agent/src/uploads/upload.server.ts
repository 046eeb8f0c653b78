import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AGENT_CONFIG, imageCopyUrlOf, type AgentConfig } from '../config.js';
import { ImageServing } from '../copies/image-serving.js';
import { corsHeaders } from './cors.js';
import { TUS_VERSION, UploadProtocol, type UploadAnswer } from './upload-protocol.js';
import { refusalOf } from './upload-refused.js';

/** Nothing may come for so long; whoever uploads comes back and goes on. */
const IDLE_MS = 30_000;
const MAX_CONNECTIONS = 64;
/** An image takes as long as it takes (requestTimeout); what stands still, or comes too slowly, is ended. */
const LIMITS = {
  requestTimeout: 0,
  headersTimeout: 10_000,
  // Left out, headers that come too slowly are looked for every 30 s alone.
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8_192,
} as const;

/** Listens for browsers, and for hosts that read images, on an address of its own and only where the operator says so. */
@Injectable()
export class UploadServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly protocol: UploadProtocol,
    private readonly serving: ImageServing,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** undefined: it does not listen. */
  get port(): number | undefined {
    const address = this.server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { UPLOAD_URL: url, UPLOAD_ADDRESS: address, UPLOAD_PORT: port } = this.config;
    const copyUrl = imageCopyUrlOf(this.config);
    if (copyUrl === undefined) return;
    const server = createServer(LIMITS, (request, response) => void this.handle(request, response));
    server.maxConnections = MAX_CONNECTIONS;
    server.setTimeout(IDLE_MS);
    this.server = server;
    server.listen(port, address);
    await once(server, 'listening');
    // One connection that could not be taken must not end the agent.
    server.on('error', (error) => {
      this.logger.warn({ err: error }, 'a connection for an upload could not be taken');
    });
    this.logger.info({ url, copyUrl, address, port: this.port }, 'images may be uploaded, or copied from here');
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.serving.isAskedBy(request)) return this.serving.answer(request, response);
    const common = { 'tus-resumable': TUS_VERSION, ...corsHeaders(request.headers, this.config.CORS_ORIGINS) };
    try {
      const { status, headers } = await this.protocol.answer(request);
      // A body that nobody reads would keep the connection for as long as its sender likes.
      const rest: Readonly<Record<string, string>> = request.complete ? {} : { connection: 'close' };
      response.writeHead(status, { ...common, ...headers, ...rest }).end();
    } catch (error) {
      const { status, headers, text } = this.refused(request, error);
      if (response.destroyed || response.headersSent) return;
      response.writeHead(status, { ...common, ...headers }).end(text);
    }
  }

  private refused(request: IncomingMessage, error: unknown): UploadAnswer & { readonly text: string } {
    const refusal = refusalOf(error);
    // What is still to come of a piece is read by nobody.
    const headers = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' };
    if (refusal !== undefined) return { status: refusal.status, headers, text: refusal.message };
    // A connection that broke off has nobody to be answered.
    if (!request.destroyed) this.logger.error({ err: error, method: request.method }, 'an upload failed');
    return { status: 500, headers, text: 'It failed' };
  }
}
