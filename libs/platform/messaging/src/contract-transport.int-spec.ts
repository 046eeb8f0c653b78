import { randomUUID } from 'node:crypto';
import {
  DomainError,
  EVENTS_STREAM,
  eventFilter,
  eventSubject,
  hostDisksChecked,
  hostHeartbeat,
  hostStarted,
  inspectVm,
  reportSubject,
  vmDeleted,
  type EventEnvelope,
  type ReplyOf,
  type ReportDataOf,
  type RequestOf,
} from '@infinibay/contracts';
import { createLogger, currentContext } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { newEvent } from '@infinibay/platform-persistence';
import { pollUntil, testNats } from '@infinibay/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  Controller,
  Injectable,
  Module,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import { ContractTransport, startMessaging } from './contract-transport.js';
import { HandlesEvent, HandlesReport, HandlesRequest, type RequestMeta } from './handlers.js';
import { MessagingModule } from './messaging.module.js';
import { ReportPublisher } from './reports.js';
import { RequestClient } from './request-client.js';
import { MESSAGING_METRICS, NATS_CONNECTION } from './tokens.js';

type Inspect = RequestOf<typeof inspectVm>;
type Inspected = ReplyOf<typeof inspectVm>;

const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
const NOTHING: Inspected = { domain: null, disk: null };
const apps: INestApplication[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** An application with these controllers, as host `hostId`. */
const start = async (hostId: string, ...controllers: Type[]): Promise<INestApplication> => {
  const messaging = MessagingModule.forRoot({
    nats: { ...testNats(), service: 'test' },
    logger,
    metrics: new MetricsRegistry('test'),
    hostId,
    outbox: false,
  });
  @Module({ imports: [messaging], controllers })
  class TestModule {}
  const app = await NestFactory.create(TestModule, { logger: false, abortOnError: false });
  apps.push(app);
  await startMessaging(app);
  await connectionOf(app).flush();
  return app;
};

const connectionOf = (app: INestApplication): NatsConnection =>
  app.get<NatsConnection>(NATS_CONNECTION, { strict: false });

const inspect = (app: INestApplication, hostId: string, vmId: string, timeoutMs = 60_000): Promise<Inspected> =>
  app.get(RequestClient, { strict: false }).call(inspectVm, { vmId }, { hostId, timeoutMs });

describe(ContractTransport.name, () => {
  it("runs Nest's guards, interceptors and pipes around a request, in its context and with what is left of its time", async () => {
    const seen: unknown[] = [];
    const refused = randomUUID();

    @Injectable()
    class Guard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const [data, meta] = context.getArgs<[Inspect, RequestMeta]>();
        seen.push(['guard', context.getType(), typeof meta.deadline, currentContext().correlationId.length > 0]);
        if (data.vmId === refused) throw new DomainError('FORBIDDEN', { vmId: data.vmId });
        return true;
      }
    }
    class Interceptor implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        seen.push('interceptor');
        return next.handle();
      }
    }
    class Pipe implements PipeTransform {
      transform(value: unknown): unknown {
        seen.push('pipe');
        return value;
      }
    }
    @Controller()
    class Handlers {
      @UseGuards(Guard)
      @UseInterceptors(Interceptor)
      @UsePipes(Pipe)
      @HandlesRequest(inspectVm)
      inspect({ vmId }: Inspect, meta: RequestMeta): Promise<Inspected> {
        seen.push([vmId, meta.deadline > 0]);
        return Promise.resolve(NOTHING);
      }
    }
    const hostId = randomUUID();
    const app = await start(hostId, Handlers);
    const vmId = randomUUID();
    await expect(inspect(app, hostId, vmId)).resolves.toEqual(NOTHING);
    const guarded = ['guard', 'rpc', 'number', true];
    expect(seen).toEqual([guarded, 'interceptor', 'pipe', 'pipe', [vmId, true]]);
    seen.length = 0;
    await expect(inspect(app, hostId, refused)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      details: { vmId: refused },
    });
    expect(seen).toEqual([guarded]);
  });

  it('answers what a handler throws with its code, and nothing of what went wrong inside', async () => {
    const errors: unknown[] = [new DomainError('VM_BUSY', { state: 'RUNNING' }), new TypeError('secret'), 'a string'];
    @Controller()
    class Handlers {
      @HandlesRequest(inspectVm)
      inspect(): Promise<Inspected> {
        throw errors.shift();
      }
    }
    const hostId = randomUUID();
    const app = await start(hostId, Handlers);
    const failure = () => inspect(app, hostId, randomUUID()).catch((error: unknown) => error);
    expect(await failure()).toMatchObject({ code: 'VM_BUSY', details: { state: 'RUNNING' } });
    expect(await failure()).toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('secret') });
    expect(await failure()).toMatchObject({ code: 'INTERNAL' });
  });

  it('brings an event to each of the consumers that name it, again where a handler throws, and a report to its handler', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const vmId = randomUUID();
    const got: string[] = [];
    let failures = 1;
    @Controller()
    class Handlers {
      @HandlesEvent(vmDeleted, first)
      one({ data }: EventEnvelope<{ vmId: string; name: string }>): Promise<void> {
        if (data.vmId === vmId && failures-- > 0) return Promise.reject(new Error('not now'));
        if (data.vmId === vmId) got.push('first');
        return Promise.resolve();
      }
      @HandlesEvent(vmDeleted, second)
      other({ data }: EventEnvelope<{ vmId: string; name: string }>): Promise<void> {
        if (data.vmId === vmId) got.push('second');
        return Promise.resolve();
      }
      @HandlesReport(hostDisksChecked)
      report({ hostId }: { hostId: string }): Promise<void> {
        got.push(hostId);
        return Promise.resolve();
      }
    }
    const hostId = randomUUID();
    const app = await start(hostId, Handlers);
    const manager = await jetstreamManager(connectionOf(app), { checkAPI: false });
    for (const name of [first, second])
      await manager.consumers.add(EVENTS_STREAM, {
        durable_name: `test-${name}`,
        filter_subject: eventFilter(vmDeleted),
        ack_policy: AckPolicy.Explicit,
      });
    const event = newEvent(vmDeleted, {
      departmentId: randomUUID(),
      resource: { kind: 'vm', id: vmId },
      data: { vmId, name: 'x' },
    });
    await jetstream(connectionOf(app)).publish(eventSubject(event), JSON.stringify(event), { msgID: event.id });
    app
      .get(ReportPublisher, { strict: false })
      .publishForHost(hostDisksChecked, hostId, { hostId, problems: [], sequence: 1 });
    await pollUntil(() => got.length === 3, { timeoutMs: 30_000, what: 'both consumers and the report' });
    expect([...got].sort()).toEqual(['first', hostId, 'second'].sort());
  });

  it('takes no report in which a host speaks for another', async () => {
    const got: string[] = [];
    @Controller()
    class Handlers {
      @HandlesReport(hostDisksChecked)
      disks({ hostId }: ReportDataOf<typeof hostDisksChecked>): Promise<void> {
        got.push(`disks of ${hostId}`);
        return Promise.resolve();
      }
      @HandlesReport(hostHeartbeat)
      heartbeat({ inventory }: ReportDataOf<typeof hostHeartbeat>): Promise<void> {
        got.push(`heartbeat of ${inventory.hostId}`);
        return Promise.resolve();
      }
    }
    const [own, other] = [randomUUID(), randomUUID()];
    const reports = (await start(own, Handlers)).get(ReportPublisher, { strict: false });
    const { inventory } = hostHeartbeat.example;
    for (const hostId of [other, own]) {
      reports.publishForHost(hostDisksChecked, own, { hostId, problems: [], sequence: 1 });
      reports.publishForHost(hostHeartbeat, own, { ...hostHeartbeat.example, inventory: { ...inventory, hostId } });
    }
    const toldOf = (hostId: string) => got.filter((one) => one.endsWith(hostId)).sort();
    await pollUntil(() => toldOf(own).length === 2, { timeoutMs: 30_000, what: 'what the host tells of itself' });
    expect(toldOf(own)).toEqual([`disks of ${own}`, `heartbeat of ${own}`]);
    expect(toldOf(other)).toEqual([]);
  });

  it('finishes what it has taken, and takes no more, before anything else of the application ends', async () => {
    const held = Promise.withResolvers<Inspected>();
    const order: string[] = [];
    @Controller()
    class Handlers {
      @HandlesRequest(inspectVm)
      async inspect(): Promise<Inspected> {
        order.push('taken');
        return held.promise;
      }
      beforeApplicationShutdown(): void {
        order.push('shutdown');
      }
    }
    const hostId = randomUUID();
    const app = await start(hostId, Handlers);
    const other = await start(randomUUID());
    const first = inspect(other, hostId, randomUUID()).finally(() => order.push('answered'));
    await pollUntil(() => order.length === 1, { what: 'the request to be taken' });
    const closing = app.close();
    const isRefused = (): Promise<boolean> =>
      inspect(other, hostId, randomUUID(), 200).then(
        () => false,
        (error: unknown) => error instanceof DomainError && error.code === 'HOST_UNAVAILABLE',
      );
    await pollUntil(isRefused, { what: 'the next request to find nobody' });
    expect(order.filter((step) => step !== 'taken')).toEqual([]);
    held.resolve(NOTHING);
    await expect(first).resolves.toEqual(NOTHING);
    await closing;
    expect(order.filter((step) => step !== 'taken').sort()).toEqual(['answered', 'shutdown']);
  });

  it('tells callers once it answers, again when NATS was away, and not when it only calls', async () => {
    @Controller()
    class Handlers {
      @HandlesRequest(inspectVm)
      inspect(): Promise<Inspected> {
        return Promise.resolve(NOTHING);
      }
    }
    const hostId = randomUUID();
    const told: string[] = [];
    const other = await start(hostId);
    connectionOf(other).subscribe(reportSubject(hostStarted, hostId), {
      callback: (_error, message) => void told.push(hostStarted.data.parse(message.json()).occasion),
    });
    await connectionOf(other).flush();
    const app = await start(hostId, Handlers);
    await pollUntil(() => told.length === 1, { timeoutMs: 30_000, what: 'the first telling' });
    await expect(inspect(other, hostId, randomUUID())).resolves.toEqual(NOTHING);
    await connectionOf(app).reconnect();
    await pollUntil(() => told.length === 2, { timeoutMs: 30_000, what: 'the second telling' });
    await expect(inspect(other, hostId, randomUUID())).resolves.toEqual(NOTHING);
    expect(told).toEqual(['STARTED', 'RECONNECTED']);
  });

  it('has what a host was asked asked again when that host starts and no other, and counts it by name', async () => {
    const held = Promise.withResolvers<Inspected>();
    let taken = 0;
    @Controller()
    class Holding {
      @HandlesRequest(inspectVm)
      inspect(): Promise<Inspected> {
        taken += 1;
        return held.promise;
      }
    }
    const [one, two] = [randomUUID(), randomUUID()];
    for (const hostId of [one, two]) await start(hostId, Holding);
    const caller = await start(randomUUID());
    const metrics = caller.get<MetricsRegistry>(MESSAGING_METRICS, { strict: false });
    const resent = async (): Promise<string | undefined> =>
      /^infinibay_requests_resent_total\{.*name="host.inspect-vm".*\} (\d+)$/m.exec(
        await metrics.registry.metrics(),
      )?.[1];
    const answers = [inspect(caller, one, randomUUID()), inspect(caller, two, randomUUID())];
    await pollUntil(() => taken === 2, { timeoutMs: 30_000, what: 'both requests to be taken' });
    // Of a host that nobody waits for.
    await start(randomUUID(), Holding);
    await start(two, Holding);
    await pollUntil(async () => (await resent()) === '1', {
      timeoutMs: 30_000,
      what: 'the request to the second host',
    });
    await start(one, Holding);
    await pollUntil(async () => (await resent()) === '2', { timeoutMs: 30_000, what: 'the request to the first host' });
    held.resolve(NOTHING);
    await expect(Promise.all(answers)).resolves.toEqual([NOTHING, NOTHING]);
    expect(await resent()).toBe('2');
  });

  it('refuses to start with a handler that no contract describes', async () => {
    @Controller()
    class Handlers {
      @MessagePattern('anything')
      anything(): void {
        throw new Error('never reached');
      }
    }
    await expect(start(randomUUID(), Handlers)).rejects.toThrow('anything is bound to no contract');
  });
});
