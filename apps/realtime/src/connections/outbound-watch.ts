import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { RealtimeMetrics } from '../metrics/realtime-metrics.js';
import { Outbound } from './outbound.js';
import type { RealtimeSocket } from './realtime-socket.js';

/** What may wait for one client that does not read. Two full pages of a resume fit. */
const MAX_BYTES_PER_CONNECTION = 1_310_720;
/** What may wait for all clients together; beyond it those with the most are cut off. */
const MAX_BYTES = 134_217_728;
/** A client with more than this waiting has not read its last page yet. */
const NEARLY_READ_BYTES = 65_536;
/** How long what a connection leaves behind may take to be read, or closed by its client too. */
const LEAVE_MS = 5_000;
const SWEEP_MS = 250;

/** Bounds what waits for clients by bytes: whoever does not read is cut off, connects again and resumes. */
@Injectable()
export class OutboundWatch implements BeforeApplicationShutdown {
  private readonly watched = new Map<RealtimeSocket['conn'], Outbound>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly metrics: RealtimeMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => {
      this.sweep();
    }, SWEEP_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  watch(connection: RealtimeSocket['conn']): void {
    const outbound = Outbound.watch(connection, () => {
      if (outbound.waitingBytes > MAX_BYTES_PER_CONNECTION) this.cutOff(connection, outbound, 'SLOW_CONSUMER');
    });
    this.watched.set(connection, outbound);
    connection.on('close', () => {
      this.letGo(connection, outbound);
    });
  }

  /** Whether the client has read nearly all that was sent to it. */
  hasRead(connection: RealtimeSocket['conn']): boolean {
    return (this.watched.get(connection)?.waitingBytes ?? 0) <= NEARLY_READ_BYTES;
  }

  /** Ends a connection at once and frees what waits for it. */
  end(connection: RealtimeSocket['conn'], code: 'SLOW_CONSUMER' | 'TOO_MANY_ATTEMPTS'): void {
    const outbound = this.watched.get(connection);
    if (outbound !== undefined) this.cutOff(connection, outbound, code);
  }

  /** The same of one that was refused, and counted as that. */
  drop(connection: RealtimeSocket['conn']): void {
    const outbound = this.watched.get(connection);
    if (this.watched.delete(connection)) outbound?.destroy();
  }

  /** What was answered to a poll, or still goes to a WebSocket, counts until it is read or given up. */
  private letGo(connection: RealtimeSocket['conn'], outbound: Outbound): void {
    if (outbound.isGone) {
      this.watched.delete(connection);
      return;
    }
    setTimeout(() => {
      if (this.watched.delete(connection)) outbound.destroy();
    }, LEAVE_MS).unref();
  }

  private cutOff(connection: RealtimeSocket['conn'], outbound: Outbound, code: string): void {
    // Closing may add a packet itself.
    if (!this.watched.delete(connection)) return;
    this.metrics.ended.inc({ code });
    this.logger.info({ code, waitingBytes: outbound.waitingBytes }, 'a connection was cut off');
    outbound.destroy();
  }

  private sweep(): void {
    const waiting = [...this.watched].map(([connection, outbound]) => ({
      connection,
      outbound,
      bytes: outbound.waitingBytes,
    }));
    let total = waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    this.metrics.waitingBytes.set(total);
    if (total <= MAX_BYTES) return;
    for (const { connection, outbound, bytes } of waiting.sort((a, b) => b.bytes - a.bytes)) {
      if (total <= MAX_BYTES) break;
      this.cutOff(connection, outbound, 'SLOW_CONSUMER');
      total -= bytes;
    }
  }
}
