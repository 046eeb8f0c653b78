import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DomainError,
  EVENTS_STREAM,
  eventFilter,
  eventSubject,
  findDepartments,
  forceOffVm,
  hostVmsRelisted,
  inspectVm,
  vmDeleted,
  type EventEnvelope,
  type RequestContract,
} from '@infinibay/contracts';
import { createLogger, currentContext, runInContext } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { newEvent } from '@infinibay/platform-persistence';
import { patience, pollUntil, testNats } from '@infinibay/testing';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { EventConsumer } from './event-consumer.js';
import { connectToNats } from './nats-connection.js';
import { RequestClient } from './request-client.js';
import { RequestServer, type RequestHandler } from './request-server.js';
import { PeerClocks } from './peer-clocks.js';
import { StartAnnouncer } from './start-announcer.js';

const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
const metrics = new MetricsRegistry('test');
const durations = metrics.histogram('seconds', 'seconds', ['name', 'outcome']);
const handled = metrics.counter('handled', 'handled', ['name', 'outcome']);

describe('messaging', () => {
  let connection: NatsConnection;
  let client: RequestClient;

  beforeAll(async () => {
    connection = await connectToNats({ ...testNats(), service: 'test' }, logger);
    client = new RequestClient(connection, durations);
  });
  afterAll(() => connection.close());

  /** Serves the contract for one test, on a host id of its own where the contract has one. */
  const serving = async <T>(
    contract: RequestContract,
    handler: RequestHandler,
    work: (hostId: string, owner: NatsConnection) => Promise<T>,
    hostIds: readonly [string, ...string[]] = [randomUUID()],
  ): Promise<T> => {
    const own = await connectToNats({ ...testNats(), service: 'owner' }, logger);
    const [hostId] = hostIds;
    const server = new RequestServer(own, 'owner', logger, durations);
    if (contract.owner === 'hypervisor-agent') for (const id of hostIds) server.serve(contract, handler, id);
    else server.serve(contract, handler);
    await own.flush();
    try {
      return await work(hostId, own);
    } finally {
      await own.close();
    }
  };
  const inspect = (hostId: string, timeoutMs?: number) =>
    client.call(inspectVm, { vmId: randomUUID() }, { hostId, ...(timeoutMs === undefined ? {} : { timeoutMs }) });

  describe('requests', () => {
    it('carry correlation id and actor to the handler and back', async () => {
      const seen: unknown[] = [];
      const handler = (): Promise<unknown> => {
        seen.push(currentContext());
        return Promise.resolve({ domain: null, disk: null });
      };
      const context = { correlationId: 'c-42', causationId: null, actor: { kind: 'user', id: 'u1' } } as const;
      const reply = await serving(inspectVm, handler, (hostId) => runInContext(context, () => inspect(hostId)));
      expect(reply).toEqual({ domain: null, disk: null });
      expect(seen).toEqual([expect.objectContaining({ correlationId: 'c-42', actor: { kind: 'user', id: 'u1' } })]);
    });

    it("bring the owner's error with its code and details, but hide what went wrong inside", async () => {
      const refuse = (): Promise<never> => Promise.reject(new DomainError('VM_BUSY', { state: 'RUNNING' }));
      await expect(serving(inspectVm, refuse, (hostId) => inspect(hostId))).rejects.toMatchObject({
        code: 'VM_BUSY',
        details: { state: 'RUNNING' },
      });
      const crash = (): Promise<never> => Promise.reject(new TypeError('secret path /etc/x'));
      await expect(serving(inspectVm, crash, (hostId) => inspect(hostId))).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.not.stringContaining('secret'),
      });
    });

    it('tell a query when its caller waits no longer, and let a command be finished', async () => {
      const signals: (AbortSignal | undefined)[] = [];
      const keep = (): Promise<never> => {
        signals.push(currentContext().signal);
        return new Promise(() => undefined);
      };
      await expect(serving(inspectVm, keep, (hostId) => inspect(hostId, patience(200)))).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      });
      const [query] = signals;
      await pollUntil(() => query?.aborted === true, { what: 'the end of the query' });
      expect(query?.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      const call = (hostId: string) =>
        client.call(forceOffVm, { vmId: randomUUID(), fence: 1 }, { hostId, timeoutMs: patience(200) });
      await expect(serving(forceOffVm, keep, call)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect([inspectVm.type, forceOffVm.type, signals[1]]).toEqual(['query', 'command', undefined]);
    });

    it('are answered when they were taken before the end, and not taken after it has begun', async () => {
      const own = await connectToNats({ ...testNats(), service: 'owner' }, logger);
      const server = new RequestServer(own, 'owner', logger, durations);
      const hostId = randomUUID();
      const held = Promise.withResolvers<{ domain: null; disk: null }>();
      let taken = 0;
      const handler = (): Promise<unknown> => {
        taken += 1;
        return held.promise;
      };
      server.serve(inspectVm, handler, hostId);
      await own.flush();
      const first = inspect(hostId);
      await pollUntil(() => taken === 1, { what: 'the request to be taken' });
      let over = false;
      const draining = server.drain().then(() => (over = true));
      await own.flush();
      await expect(inspect(hostId)).rejects.toMatchObject({ code: 'HOST_UNAVAILABLE' });
      expect([taken, over]).toEqual([1, false]);
      held.resolve({ domain: null, disk: null });
      await expect(first).resolves.toEqual({ domain: null, disk: null });
      await draining;
      await own.close();
    });

    it('fail typed when nobody listens, when no answer comes in time, and when the answer does not fit', async () => {
      await expect(inspect(randomUUID())).rejects.toMatchObject({ code: 'HOST_UNAVAILABLE' });
      const silent = (): Promise<never> => new Promise(() => undefined);
      await expect(serving(inspectVm, silent, (hostId) => inspect(hostId, 200))).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      });
      const wrong = (): Promise<unknown> => Promise.resolve({ domain: 'nonsense' });
      await expect(serving(inspectVm, wrong, (hostId) => inspect(hostId))).rejects.toMatchObject({ code: 'INTERNAL' });
    });

    it('are sent again to the host that starts, and to no other', async () => {
      const resent: unknown[] = [];
      const onResend = (_name: string, hostId: string | undefined) => void resent.push(hostId);
      const own = new RequestClient(connection, durations, new PeerClocks('caller'), onResend);
      const held = Promise.withResolvers<unknown>();
      let taken = 0;
      const hold = (): Promise<unknown> => {
        taken += 1;
        return held.promise;
      };
      const [one, two] = [randomUUID(), randomUUID()];
      await serving(
        inspectVm,
        hold,
        async (_hostId, owner) => {
          const answers = [one, two].map((hostId) =>
            own.call(inspectVm, { vmId: randomUUID() }, { hostId, timeoutMs: 3_600_000 }),
          );
          await pollUntil(() => taken === 2, { what: 'both requests to be taken' });
          for (const [count, hostId] of [two, one].entries()) {
            new StartAnnouncer(connection, logger).start([inspectVm], hostId);
            await pollUntil(() => resent.length > count, { what: 'the request to be sent again' });
          }
          // What was sent again is there, while its first delivery is still under way.
          await connection.flush();
          await owner.flush();
          held.resolve({ domain: null, disk: null });
          await Promise.all(answers);
        },
        [one, two],
      );
      expect(resent).toEqual([two, one]);
      // The same request to the same process is the same work.
      expect(taken).toBe(2);
    });

    it.each([-120, -3, 3, 120])('reach an owner whose clock is %i seconds ahead of the caller', async (seconds) => {
      const clock = { wallMs: () => Date.now() - seconds * 1_000, monotonicMs: () => performance.now() };
      const skewed = new RequestClient(connection, durations, new PeerClocks('caller', undefined, clock));
      const left: number[] = [];
      const handler = (_data: never, meta: { deadline: number }): Promise<unknown> => {
        left.push(meta.deadline - Date.now());
        return Promise.resolve({ domain: null, disk: null });
      };
      await serving(inspectVm, handler, async (hostId) => {
        for (let count = 0; count < 3; count += 1)
          await skewed.call(inspectVm, { vmId: randomUUID() }, { hostId, timeoutMs: 60_000 });
      });
      expect(left).toHaveLength(3);
      // Neither over already nor two minutes more: what is left has travelled, and not a time of day.
      expect(left.filter((ms) => ms <= 0 || ms >= 120_000)).toEqual([]);
    });

    it('that do not fit their contract never reach the handler', async () => {
      let reached = 0;
      const count = (): Promise<unknown> => Promise.resolve(void (reached += 1));
      await serving(findDepartments, count, async () => {
        const subject = 'infinibay.svc.v1.users.find-departments';
        const envelope = {
          id: randomUUID(),
          name: findDepartments.name,
          version: 1,
          correlationId: 'c',
          deadline: Date.now() + patience(5_000),
          actor: { kind: 'service', id: 't' },
        };
        const bodies = [
          'not json',
          '{}',
          JSON.stringify({ ...envelope, data: { departmentIds: ["'; DROP TABLE"] } }),
          JSON.stringify({ ...envelope, version: 9, data: {} }),
        ];
        for (const body of bodies) {
          const answer = (await connection.request(subject, body, { timeout: patience(2_000) })).json<{
            ok: boolean;
            error: { code: string };
          }>();
          expect(answer).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } });
        }
        const late = JSON.stringify({ ...envelope, deadline: Date.now() - 1, data: { departmentIds: [randomUUID()] } });
        expect((await connection.request(subject, late, { timeout: patience(2_000) })).json()).toMatchObject({
          error: { code: 'DEADLINE_EXCEEDED' },
        });
      });
      expect(reached).toBe(0);
    });
  });

  describe('events', () => {
    const deletion = (vmId: string): EventEnvelope =>
      newEvent(vmDeleted, {
        departmentId: randomUUID(),
        resource: { kind: 'vm', id: vmId },
        data: { vmId, name: 'x' },
      });
    const publish = (event: EventEnvelope): Promise<unknown> =>
      jetstream(connection).publish(eventSubject(event), JSON.stringify(event), { msgID: event.id });

    it('come again after a failed handler, are handled by one of two instances, and what is malformed or of another version is left out', async () => {
      const marked = Array.from({ length: 20 }, (): string => randomUUID());
      const got: string[] = [];
      let failures = 2;
      const handler = (event: EventEnvelope<never>): Promise<void> => {
        const { vmId } = event.data as { vmId: string };
        if (vmId === marked[3] && failures-- > 0) return Promise.reject(new Error('not now'));
        if (marked.includes(vmId)) got.push(vmId);
        return Promise.resolve();
      };
      const durable = `test-${randomUUID()}`;
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await manager.consumers.add(EVENTS_STREAM, {
        durable_name: durable,
        filter_subject: eventFilter(vmDeleted),
        ack_policy: AckPolicy.Explicit,
      });
      const instances = [1, 2].map(() => new EventConsumer(connection, vmDeleted, durable, handler, logger, handled));
      for (const instance of instances) instance.start();
      const [first] = marked;
      const malformed = { ...deletion(first ?? ''), data: { nothing: true } };
      await publish(malformed);
      await publish({ ...deletion(first ?? ''), version: 2 });
      for (const vmId of marked) await publish(deletion(vmId));
      await pollUntil(() => got.length >= marked.length, { timeoutMs: 15_000 });
      expect([...got].sort()).toEqual([...marked].sort());
      await Promise.all(instances.map((instance) => instance.stop()));
    });

    it('in which a host speaks for another are left out', async () => {
      const [own, other] = [randomUUID(), randomUUID()];
      const got: unknown[] = [];
      const handler = ({ data }: EventEnvelope): Promise<void> => {
        const { hostId } = data as { hostId: string };
        if (hostId === own || hostId === other) got.push(data);
        return Promise.resolve();
      };
      const durable = `test-${randomUUID()}`;
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await manager.consumers.add(EVENTS_STREAM, {
        durable_name: durable,
        filter_subject: eventFilter(hostVmsRelisted),
        ack_policy: AckPolicy.Explicit,
      });
      const consumer = new EventConsumer(connection, hostVmsRelisted, durable, handler, logger, handled);
      consumer.start();
      const relisted = (resourceId: string, hostId: string): EventEnvelope =>
        newEvent(hostVmsRelisted, {
          departmentId: null,
          resource: { kind: 'host', id: resourceId },
          data: { ...hostVmsRelisted.example, hostId },
        });
      const subject = eventSubject(relisted(own, own));
      // All that a host may publish is on its own subject.
      for (const event of [relisted(own, other), relisted(other, own), relisted(other, other), relisted(own, own)])
        await jetstream(connection).publish(subject, JSON.stringify(event), { msgID: event.id });
      await pollUntil(() => got.length > 0, { what: 'what the host tells of itself', timeoutMs: 15_000 });
      await consumer.stop();
      expect(got).toEqual([{ ...hostVmsRelisted.example, hostId: own }]);
    });
  });
});
