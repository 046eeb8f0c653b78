import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { isRetryable, type DomainError } from '@infinibay/contracts';
import { addressKey, forwardedAddress } from '@infinibay/platform-access';
import { HttpAdapterHost } from '@nestjs/core';
import { Server } from 'socket.io';
import { CONFIG, type RealtimeConfig } from '../config.js';
import { RealtimeMetrics } from '../metrics/realtime-metrics.js';
import { OutboundWatch } from './outbound-watch.js';
import { RateLimit } from './rate-limit.js';
import type { RealtimeServer, RealtimeSocket } from './realtime-socket.js';

const MAX_PAYLOAD_BYTES = 16_384;
/** Packets of any kind that one connection may send; whoever sends more is cut off. */
const PACKETS = { perSecond: 100, burst: 4_000 };
/** What a client needs to open a session, and somewhat more; whoever has none by then is cut off. */
const PACKETS_OF_STRANGERS = 8;
/** How long one who was refused may take to close the connection. */
const LEAVE_MS = 5_000;
/** A request that is not complete by then is not waited for: connections are few enough to be used up by slow ones. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** A connection on which nothing moves: three times as long as a poll waits. WebSockets have their own pings. */
const IDLE_TIMEOUT_MS = 30_000;

type EngineSocket = RealtimeSocket['conn'];

/** The socket.io server, bound to Nest's HTTP server. It decides who may open a transport; SessionWatch decides who may stay. */
@Injectable()
export class SocketHub implements BeforeApplicationShutdown {
  readonly io: RealtimeServer;
  private readonly handshakes: RateLimit;
  /** Packets of connections that have had no session yet. */
  private readonly strangers = new WeakMap<EngineSocket, number>();

  constructor(
    @Inject(CONFIG) private readonly config: RealtimeConfig,
    private readonly http: HttpAdapterHost,
    private readonly metrics: RealtimeMetrics,
    private readonly outbound: OutboundWatch,
  ) {
    this.handshakes = new RateLimit({
      perSecond: config.CONNECTIONS_PER_SECOND,
      burst: 4 * config.CONNECTIONS_PER_SECOND,
    });
    this.io = new Server({
      serveClient: false,
      maxHttpBufferSize: MAX_PAYLOAD_BYTES,
      perMessageDeflate: false,
      httpCompression: false,
      transports: ['polling', 'websocket'],
      connectTimeout: 5_000,
      pingInterval: 10_000,
      pingTimeout: 10_000,
      cors: { origin: [...config.CORS_ORIGINS] },
      allowRequest: (request, done) => {
        const refusal = this.refusal(request);
        if (refusal !== undefined) this.metrics.refused.inc({ code: refusal });
        done(refusal ?? null, refusal === undefined);
      },
    });
  }

  /** Takes connections from now on; call it when the middleware and the handlers are in place. */
  attach(): void {
    const server = this.http.httpAdapter.getHttpServer() as HttpServer;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.setTimeout(IDLE_TIMEOUT_MS);
    this.io.attach(server);
    this.io.engine.on('connection', (connection: EngineSocket) => {
      this.bound(connection);
    });
  }

  /** Closes the transports, not the sessions: clients connect again by themselves, to another instance. */
  beforeApplicationShutdown(): void {
    this.io.engine.close();
  }

  /** Counts a message to these rooms; a socket in two of them gets it once but counts twice. */
  countDelivery(kind: 'event' | 'metrics', rooms: readonly string[]): void {
    const sizes = rooms.map((room) => this.io.sockets.adapter.rooms.get(room)?.size ?? 0);
    this.metrics.deliveries.inc(
      { kind },
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }

  /** From now on the connection may send what one with a session may. */
  letIn(connection: EngineSocket): void {
    this.strangers.delete(connection);
  }

  /**
   * Ends a connection without a session once its client was told why, and counts it as another one of its address: but not
   * when the reason is ours, or all who come back while users is away would shut one another out.
   */
  turnAway(connection: EngineSocket, refusal: DomainError): void {
    if (!isRetryable(refusal)) this.handshakes.take(this.callerOf(connection.request, connection.remoteAddress));
    // socket.io sends the refusal a tick after it was given.
    setImmediate(() => {
      connection.close();
    });
    setTimeout(() => {
      this.outbound.drop(connection);
    }, LEAVE_MS).unref();
  }

  /** Before anybody is authenticated: what waits for a connection and what it may send is bounded from its first byte. */
  private bound(connection: EngineSocket): void {
    this.outbound.watch(connection);
    this.strangers.set(connection, 0);
    const packets = new RateLimit(PACKETS);
    connection.on('packet', () => {
      if (!packets.take('') || !this.mayAsk(connection)) this.outbound.end(connection, 'TOO_MANY_ATTEMPTS');
    });
  }

  /** Each attempt to open a session has a signature checked. */
  private mayAsk(connection: EngineSocket): boolean {
    const packets = this.strangers.get(connection);
    if (packets === undefined) return true;
    this.strangers.set(connection, packets + 1);
    return packets < PACKETS_OF_STRANGERS;
  }

  /** Asked for new connections alone: engine.io finds those that are open by their id, and asks nobody. */
  private refusal(request: IncomingMessage): 'TOO_MANY_ATTEMPTS' | 'FORBIDDEN' | undefined {
    if (!this.isKnownOrigin(request)) return 'FORBIDDEN';
    if (this.io.engine.clientsCount >= this.config.CONNECTIONS) return 'TOO_MANY_ATTEMPTS';
    const caller = this.callerOf(request, request.socket.remoteAddress);
    return this.handshakes.take(caller) ? undefined : 'TOO_MANY_ATTEMPTS';
  }

  /** Whose connections are counted together. */
  private callerOf({ headers }: IncomingMessage, remoteAddress = ''): string {
    return addressKey(forwardedAddress(remoteAddress, headers['x-forwarded-for'], this.config.TRUSTED_PROXIES));
  }

  /** Browsers do not apply CORS to WebSockets, so the origin is checked here as well. Programs send none. */
  private isKnownOrigin({ headers }: IncomingMessage): boolean {
    const { origin } = headers;
    if (origin === undefined || this.config.CORS_ORIGINS.includes(origin)) return true;
    return URL.canParse(origin) && new URL(origin).host === headers.host;
  }
}
