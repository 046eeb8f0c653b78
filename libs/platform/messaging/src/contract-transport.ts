import { hostReportSubject, type RequestContract } from '@infinibay/contracts';
import { Inject, Injectable, type INestApplication, type OnModuleDestroy } from '@nestjs/common';
import {
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { Counter } from 'prom-client';
import { isObservable, lastValueFrom } from 'rxjs';
import { EventConsumer } from './event-consumer.js';
import type { HandlerBinding, RequestMeta } from './handlers.js';
import { subscribeToReport } from './reports.js';
import type { PeerClocks } from './peer-clocks.js';
import { RequestServer } from './request-server.js';
import { StartAnnouncer } from './start-announcer.js';
import { MESSAGING_LOGGER, MESSAGING_METRICS, MESSAGING_SERVICE, NATS_CONNECTION } from './tokens.js';

export interface MessagingIdentity {
  readonly service: string;
  /** The host that this process speaks for; only the hypervisor-agent has one. */
  readonly hostId: string | undefined;
  readonly clocks: PeerClocks;
}

/**
 * Connects the methods with @HandlesRequest, @HandlesEvent and @HandlesReport of Nest's controllers to NATS: a request by a
 * queue group for each contract (and host), an event by the durable consumer that it names, a report by a queue group.
 * Guards, pipes, interceptors and filters of Nest run for each message.
 */
@Injectable()
export class ContractTransport extends Server implements CustomTransportStrategy, OnModuleDestroy {
  /** The consumer sees a handler's error and asks for the event again; Nest need not log it too. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly consumers: EventConsumer[] = [];
  private readonly subscriptions: { unsubscribe(): void }[] = [];
  private readonly requests: RequestServer;
  private readonly announcer: StartAnnouncer;
  private readonly handled: Counter<'name' | 'outcome'>;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(MESSAGING_LOGGER) private readonly log: Logger,
    @Inject(MESSAGING_SERVICE) private readonly identity: MessagingIdentity,
    @Inject(MESSAGING_METRICS) metrics: MetricsRegistry,
  ) {
    super();
    const durations = metrics.histogram('infinibay_request_handled_seconds', 'Commands and queries answered', [
      'name',
      'outcome',
    ]);
    this.handled = metrics.counter('infinibay_events_handled_total', 'Events handled', ['name', 'outcome']);
    this.requests = new RequestServer(connection, identity.service, log, durations, identity.clocks);
    this.announcer = new StartAnnouncer(connection, log);
  }

  listen(started: () => void): void {
    const served: RequestContract[] = [];
    for (const [pattern, handler] of this.getHandlers()) {
      const binding = bindingOf(pattern, handler);
      this.connect(binding, handler);
      if (binding.kind === 'request') served.push(binding.contract);
      this.log.debug({ handles: pattern }, 'handler bound');
    }
    this.announcer.start(served, this.identity.hostId);
    started();
  }

  /** First of all: what is taken may still need everything else, and tell of it. */
  async onModuleDestroy(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.announcer.stop();
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
    await Promise.allSettled(this.consumers.splice(0).map((consumer) => consumer.stop()));
    await this.requests.drain();
  }

  /** The connection's own events are the business of who made it. */
  on(): never {
    throw new Error('the transport has no events');
  }

  unwrap<T>(): T {
    return this.connection as T;
  }

  private connect(binding: HandlerBinding, handler: MessageHandler): void {
    const handle = answering(handler);
    const { service, hostId } = this.identity;
    switch (binding.kind) {
      case 'request':
        this.requests.serve(binding.contract, handle, hostId);
        return;
      case 'event': {
        const durable = `${service}-${binding.consumer}`;
        const consumer = new EventConsumer(this.connection, binding.contract, durable, handle, this.log, this.handled);
        this.consumers.push(consumer);
        consumer.start();
        return;
      }
      case 'report': {
        const subject = hostReportSubject(binding.contract, '*');
        const options = { queue: service, logger: this.log };
        this.subscriptions.push(subscribeToReport(this.connection, binding.contract, subject, options, handle));
      }
    }
  }
}

/**
 * Initialises the application and then begins to take messages: a handler may need whatever a start makes.
 * To be called before the application listens. Messages end with it, before anything else does.
 */
export const startMessaging = async (app: INestApplication): Promise<void> => {
  await app.init();
  const strategy = app.get(ContractTransport, { strict: false });
  // With the application's own guards.
  app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
};

const bindingOf = (pattern: string, { extras }: MessageHandler): HandlerBinding => {
  const binding: unknown = extras?.['binding'];
  if (!isBinding(binding)) throw new Error(`${pattern} is bound to no contract: use @HandlesRequest and its like`);
  return binding;
};

const isBinding = (value: unknown): value is HandlerBinding =>
  typeof value === 'object' && value !== null && 'kind' in value && 'contract' in value;

/** Nest answers with a value, or with a stream where an interceptor or a filter had a part in it. */
const answering =
  (handler: MessageHandler) =>
  async (data: unknown, meta?: RequestMeta): Promise<unknown> => {
    const answer: unknown = await handler(data, meta);
    return isObservable(answer) ? lastValueFrom(answer, { defaultValue: undefined }) : answer;
  };
