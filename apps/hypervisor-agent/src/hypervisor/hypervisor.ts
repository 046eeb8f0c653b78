import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@infinibay/contracts';
import {
  Connection,
  type DisconnectReason,
  type DomainBalloonChangeEvent,
  type DomainLifecycleEvent,
  type DomainQuarantinedEvent,
  type DomainReleasedEvent,
  type LibvirtErrorCode,
} from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { libvirtCodeOf, toDomainError } from './libvirt-errors.js';
import { PUBLISHED_KINDS, type PublishedDomainEvent } from './published-kinds.js';

const CALL_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5_000;

interface HypervisorEvents {
  /** The link stands, at first or again: nothing tells what happened before, so list. */
  connected: [];
  /** The link is broken; why. */
  disconnected: [DisconnectReason];
  /** An event of any domain, of the kinds that are published, in libvirt's order. */
  domainEvent: [PublishedDomainEvent];
  lifecycle: [DomainLifecycleEvent];
  balloonChange: [DomainBalloonChangeEvent];
  domainQuarantined: [DomainQuarantinedEvent];
  domainReleased: [DomainReleasedEvent];
}

/** The agent's one connection to libvirt: opened when the daemon comes, kept from then on, every call counted. */
@Injectable()
export class Hypervisor
  extends EventEmitter<HypervisorEvents>
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  /** Grows with every connect: what was learnt from libvirt before may no longer be true. */
  generation = 0;
  private connection: Connection | undefined;
  private readonly closing = new AbortController();
  private readonly calls: Counter<'call' | 'outcome'>;
  private readonly up: Gauge;

  constructor(
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    super();
    this.calls = metrics.counter('infinibay_libvirt_calls_total', 'Uses of libvirt', ['call', 'outcome']);
    this.up = metrics.gauge('infinibay_libvirt_connected', '1 while the link to libvirt stands');
  }

  /** Doesn't wait: the agent answers (with HOST_UNAVAILABLE) while there is no daemon yet. */
  onApplicationBootstrap(): void {
    void this.open();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    await this.connection?.close();
  }

  /**
   * Uses libvirt.
   * @param call name for the metrics
   * @throws DomainError by the table of libvirt-errors; HOST_UNAVAILABLE while there is no connection
   */
  async use<T>(call: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      const result = await work(this.require());
      this.calls.inc({ call, outcome: 'ok' });
      return result;
    } catch (error) {
      const mapped = toDomainError(error);
      this.calls.inc({ call, outcome: mapped instanceof DomainError ? mapped.code : 'INTERNAL' });
      throw mapped;
    }
  }

  /** As `use`, but undefined when libvirt answers with `absent`, the code for "there is none". */
  async find<T>(
    call: string,
    absent: LibvirtErrorCode,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.use(call, work);
    } catch (error) {
      if (libvirtCodeOf(error) === absent) return undefined;
      throw error;
    }
  }

  private require(): Connection {
    if (this.connection === undefined)
      throw new DomainError('HOST_UNAVAILABLE', { reason: 'libvirt is not connected' });
    return this.connection;
  }

  private async open(): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !this.closing.signal.aborted; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      try {
        this.attach(
          await Connection.open(this.config.LIBVIRT_URI, {
            workers: this.config.LIBVIRT_WORKERS,
            callTimeoutMs: CALL_TIMEOUT_MS,
          }),
        );
        return;
      } catch (error) {
        this.logger.warn({ err: error, uri: this.config.LIBVIRT_URI }, 'libvirt cannot be reached; retry follows');
        await delay(wait, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  private attach(connection: Connection): void {
    if (this.closing.signal.aborted) {
      void connection.close();
      return;
    }
    this.connection = connection;
    for (const kind of PUBLISHED_KINDS)
      connection.on(kind, (event: PublishedDomainEvent) => this.emit('domainEvent', event));
    connection.on('lifecycle', (event) => this.emit('lifecycle', event));
    connection.on('balloonChange', (event) => this.emit('balloonChange', event));
    connection.on('domainQuarantined', (event) => this.emit('domainQuarantined', event));
    connection.on('domainReleased', (event) => this.emit('domainReleased', event));
    connection.on('disconnected', ({ reason }) => {
      this.up.set(0);
      this.logger.warn({ reason }, 'libvirt is gone');
      this.emit('disconnected', reason);
    });
    connection.on('reconnected', () => this.connected());
    this.connected();
  }

  private connected(): void {
    this.generation += 1;
    this.up.set(1);
    this.logger.info({ uri: this.config.LIBVIRT_URI, generation: this.generation }, 'libvirt is connected');
    this.emit('connected');
  }
}
