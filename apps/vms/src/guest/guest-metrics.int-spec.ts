import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventSubject,
  exampleGuestSample,
  getLatestSamples,
  getSamplePage,
  vmGuestConnected,
  vmGuestSilent,
  type EventEnvelope,
  type GuestSample,
  type RequestOf,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { RequestServer } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { newEvent } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { VmsUnderTest, createTestDatabase, memberOf, testNats, type TestDatabase } from '../testing/vms-under-test.js';

const CREATE = `mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id } } }`;
const VM = `query ($id: ID!) { vm(id: $id) { state guestReady metrics { uptimeSeconds processes { pid parentPid } } } }`;
const HISTORY = `query ($id: ID!, $from: DateTime, $limit: Int!) { vm(id: $id) {
  metricsHistory(from: $from, limit: $limit) { uptimeSeconds } metricsPage(from: $from, limit: $limit) { nodes { uptimeSeconds } olderBefore } } }`;

interface VmView {
  readonly state: string;
  readonly guestReady: boolean;
  readonly metrics: { readonly uptimeSeconds: number; readonly processes: readonly object[] } | null;
}

describe('what a guest says about itself', () => {
  const department = randomUUID();
  const actor = memberOf(department);
  const samples = new Map<string, GuestSample[]>();
  let database: TestDatabase;
  let neighbours: Neighbours;
  let nats: NatsConnection;
  let vms: VmsUnderTest;
  let id: string;

  const publish = (event: EventEnvelope): Promise<unknown> =>
    jetstream(nats).publish(eventSubject(event), JSON.stringify(event), { msgID: event.id });
  const subject = () => ({ departmentId: department, resource: { kind: 'vm', id } }) as const;
  const view = async (): Promise<VmView> => (await vms.ask(actor, VM, { id })).data?.['vm'] as VmView;
  const sample = (uptimeSeconds: number, sampledAt: Date, pid = 1): GuestSample => ({
    vmId: id,
    departmentId: department,
    sampledAt: sampledAt.toISOString(),
    metrics: {
      ...exampleGuestSample.metrics,
      uptimeSeconds,
      processes: exampleGuestSample.metrics.processes.flatMap((process) => [
        { ...process, pid, parentPid: 3_000_000_000 },
        { ...process, pid: 3_000_000_000 },
      ]),
    },
  });
  const becomesReady = async (connectedAt: Date): Promise<void> => {
    const data = { vmId: id, agentVersion: '1', connectedAt: connectedAt.toISOString() };
    await publish(newEvent(vmGuestConnected, { ...subject(), data }));
    await pollUntil(async () => (await view()).guestReady, { timeoutMs: 30_000, what: 'the guest to be ready' });
  };

  beforeAll(async () => {
    const server = testNats();
    database = await createTestDatabase('vms');
    neighbours = await Neighbours.start(server);
    neighbours.departments.add(department);
    nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    const logger = createLogger({ service: 'metrics-collector', level: 'fatal', format: 'json' });
    const handled = new MetricsRegistry('collector').histogram('handled', 'handled', ['name', 'outcome']);
    const collector = new RequestServer(nats, 'metrics-collector', logger, handled);
    collector.serve(getLatestSamples, ({ vmIds }: RequestOf<typeof getLatestSamples>) =>
      Promise.resolve({ samples: vmIds.flatMap((vmId) => samples.get(vmId)?.slice(0, 1) ?? []) }),
    );
    collector.serve(getSamplePage, ({ vmId, limit }: RequestOf<typeof getSamplePage>) => {
      const all = samples.get(vmId) ?? [];
      return Promise.resolve({ samples: all.slice(0, limit), more: all.length > limit });
    });
    vms = await VmsUnderTest.start(database);
    await pollUntil(async () => {
      neighbours.heartbeat();
      return (await vms.get(PrismaClient).image.count()) > 0;
    });
    const input = {
      idempotencyKey: randomUUID(),
      departmentId: department,
      name: 'web-1',
      imageId: neighbours.imageId,
    };
    const answer = await vms.ask(actor, CREATE, { input });
    id = (answer.data?.['createVm'] as { vm: { id: string } }).vm.id;
    await pollUntil(async () => (await view()).state === 'RUNNING', { timeoutMs: 60_000, what: 'the VM' });
  });
  afterAll(async () => {
    await vms.stop();
    await neighbours.stop();
    await nats.close();
    await database.drop();
  });

  it('is shown while it speaks, without what GraphQL can not carry, and not after it fell silent', async () => {
    samples.set(id, [sample(7, new Date())]);
    expect(await view()).toMatchObject({ guestReady: false, metrics: null });
    const connectedAt = new Date(Date.now() - 60_000);
    await becomesReady(connectedAt);
    expect((await view()).metrics).toEqual({ uptimeSeconds: 7, processes: [{ pid: 1, parentPid: null }] });
    samples.set(id, [sample(6, new Date(connectedAt.getTime() - 1_000))]);
    expect((await view()).metrics).toBeNull();
    samples.set(id, [sample(7, new Date())]);
    const silentSince = (lastHeardAt: Date): Promise<unknown> =>
      publish(newEvent(vmGuestSilent, { ...subject(), data: { vmId: id, lastHeardAt: lastHeardAt.toISOString() } }));
    // Late news of a silence before the guest was heard again changes nothing; the next one does.
    await silentSince(new Date(connectedAt.getTime() - 1));
    await silentSince(new Date(connectedAt.getTime() + 1));
    await pollUntil(async () => !(await view()).guestReady, { timeoutMs: 30_000, what: 'the silence' });
    expect((await view()).metrics).toBeNull();
    samples.set(id, [sample(7, new Date())]);
    await becomesReady(new Date(Date.now() - 1_000));
    expect((await view()).metrics).toMatchObject({ uptimeSeconds: 7 });
  });

  it('is kept as a history: the newest of the time, from the year 0 on, and where there is more', async () => {
    const at = Date.now();
    samples.set(
      id,
      [5, 4, 3, 2, 1].map((uptime) => sample(uptime, new Date(at + uptime))),
    );
    const answer = await vms.ask(actor, HISTORY, { id, from: '0000-01-01T00:00:00Z', limit: 3 });
    expect(answer.data?.['vm']).toEqual({
      metricsHistory: [3, 4, 5].map((uptimeSeconds) => ({ uptimeSeconds })),
      metricsPage: {
        nodes: [5, 4, 3].map((uptimeSeconds) => ({ uptimeSeconds })),
        olderBefore: new Date(at + 3).toISOString(),
      },
    });
    const all = await vms.ask(actor, HISTORY, { id, limit: 100 });
    expect(all.data?.['vm']).toMatchObject({ metricsPage: { olderBefore: null } });
  });
});
