import { hostReportSubject } from '@infinibay/contracts';
import { Inject, Injectable, type OnModuleDestroy, type OnApplicationBootstrap } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { Counter } from 'prom-client';
import { EventConsumer, type EventHandler } from './event-consumer.js';
import { HANDLER_METADATA, type HandlerBinding } from './handlers.js';
import { subscribeToReport } from './reports.js';
import type { PeerClocks } from './peer-clocks.js';
import { RequestServer, type RequestHandler } from './request-server.js';
import { MESSAGING_LOGGER, MESSAGING_METRICS, MESSAGING_SERVICE, NATS_CONNECTION } from './tokens.js';

export interface MessagingIdentity {
  readonly service: string;
  readonly hostId: string | undefined;
  readonly clocks: PeerClocks;
}

type Method = (...args: never[]) => Promise<unknown>;

/** Finds the methods with @HandlesRequest, @HandlesEvent and @HandlesReport and connects them to NATS. */
@Injectable()
export class HandlerExplorer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly consumers: EventConsumer[] = [];
  private readonly subscriptions: { unsubscribe(): void }[] = [];
  private readonly server: RequestServer;
  private readonly handled: Counter<'name' | 'outcome'>;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(MESSAGING_LOGGER) private readonly logger: Logger,
    @Inject(MESSAGING_SERVICE) private readonly identity: MessagingIdentity,
    @Inject(MESSAGING_METRICS) metrics: MetricsRegistry,
  ) {
    const durations = metrics.histogram('infinibay_request_handled_seconds', 'Commands and queries answered', [
      'name',
      'outcome',
    ]);
    this.handled = metrics.counter('infinibay_events_handled_total', 'Events handled', ['name', 'outcome']);
    this.server = new RequestServer(connection, identity.service, logger, durations, identity.clocks);
  }

  onApplicationBootstrap(): void {
    const scanner = new MetadataScanner();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || !wrapper.isDependencyTreeStatic()) continue;
      const prototype: object = Object.getPrototypeOf(instance) as object;
      for (const name of scanner.getAllMethodNames(prototype)) this.bindMethod(instance, name);
    }
  }

  /** First of all: what is taken may still need everything else, and tell of it. */
  async onModuleDestroy(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    await Promise.allSettled(this.consumers.map((consumer) => consumer.stop()));
    await this.server.drain();
  }

  private bindMethod(instance: object, name: string): void {
    const method: unknown = Reflect.get(instance, name);
    if (typeof method !== 'function') return;
    const binding = this.reflector.get<HandlerBinding | undefined>(HANDLER_METADATA, method as Method);
    if (binding === undefined) return;
    this.connect(binding, (method as Method).bind(instance));
    this.logger.debug({ handles: binding.contract.name, by: `${instance.constructor.name}.${name}` }, 'handler bound');
  }

  private connect(binding: HandlerBinding, method: Method): void {
    switch (binding.kind) {
      case 'request':
        this.server.serve(binding.contract, method as RequestHandler, this.identity.hostId);
        return;
      case 'event': {
        const durable = `${this.identity.service}-${binding.consumer}`;
        const handler = method as EventHandler;
        const consumer = new EventConsumer(
          this.connection,
          binding.contract,
          durable,
          handler,
          this.logger,
          this.handled,
        );
        this.consumers.push(consumer);
        consumer.start();
        return;
      }
      case 'report': {
        const subject = hostReportSubject(binding.contract, '*');
        const options = { queue: this.identity.service, logger: this.logger };
        const handler = method as (data: unknown) => Promise<void>;
        this.subscriptions.push(subscribeToReport(this.connection, binding.contract, subject, options, handler));
      }
    }
  }
}
