import { hostAgentStarted, type EventContract, type EventDataOf, type EventEnvelope } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { EventPublisher } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { newEvent, newId } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import type { z } from 'zod';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { bootId } from '../work/boot-id.js';
import { EventQueue } from './event-queue.js';

/** Where an event stands among all of its host. */
interface Position {
  readonly hostId: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** An event of a host: its data carry its position. */
export type HostEventContract = EventContract<z.ZodType<Position>>;

/** What is said in an event besides its position. */
export type FactsOf<C extends HostEventContract> = Omit<EventDataOf<C>, keyof Position>;

const LAST_EVENTS_MS = 2_000;

/**
 * Numbers the events of this host and publishes them in that order. The number is given when something happens, not when
 * it is published: what has to be dropped while NATS is away leaves a hole that every reader sees.
 */
@Injectable()
export class HostEvents implements BeforeApplicationShutdown {
  /** This run of the agent. */
  readonly epoch = newId();
  private sequence = 0;
  private failures = 0;
  private readonly queue: EventQueue<EventEnvelope>;
  private readonly published: Counter;
  private readonly dropped: Counter;
  private readonly waiting: Gauge;

  constructor(
    publisher: EventPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.published = metrics.counter('infinibay_host_events_published_total', 'Events of the host in the stream');
    this.dropped = metrics.counter('infinibay_host_events_dropped_total', 'Events of the host given up unpublished');
    this.waiting = metrics.gauge('infinibay_host_events_waiting', 'Events of the host that wait for NATS');
    this.queue = new EventQueue({
      capacity: config.EVENT_BUFFER_SIZE,
      send: (event) => publisher.publish(event),
      onSent: () => this.onSent(),
      onDropped: () => this.dropped.inc(),
      onFailed: (error) => this.onFailed(error),
    });
    this.publish(hostAgentStarted, { bootId: bootId() });
  }

  /** Never waits, and never throws: an event that can't be told leaves a hole, as one that had to be dropped. */
  publish<C extends HostEventContract>(contract: C, facts: FactsOf<C>): void {
    this.sequence += 1;
    const position: Position = { hostId: this.config.HOST_ID, epoch: this.epoch, sequence: this.sequence };
    try {
      this.queue.add(this.envelope(contract, { ...facts, ...position }));
    } catch (error) {
      this.dropped.inc();
      this.logger.error({ err: error, event: contract.name }, 'an event of the host does not fit its contract');
    }
    this.waiting.set(this.queue.waiting);
  }

  /** What is not out by then is lost; the next epoch lists everything anew. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.stop(LAST_EVENTS_MS);
  }

  private envelope(contract: EventContract, data: object): EventEnvelope {
    const resource = { kind: 'host', id: this.config.HOST_ID };
    return newEvent(contract, { departmentId: null, resource, data });
  }

  private onSent(): void {
    this.published.inc();
    this.waiting.set(this.queue.waiting);
    if (this.failures > 1) this.logger.info({ waiting: this.queue.waiting }, 'events of the host go out again');
    this.failures = 0;
  }

  /** The first says nothing: at the very first start the stream is only being made. */
  private onFailed(error: unknown): void {
    this.failures += 1;
    if (this.failures === 2) this.logger.warn({ err: error }, 'events of the host wait: publishing failed');
  }
}
