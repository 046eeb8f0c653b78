import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  GuestSample,
  eventSubject,
  findVms,
  getLatestSamples,
  getSampleHistory,
  metricsSubject,
  vmDeleted,
  vmGuestConnected,
  type EventEnvelope,
  type RequestOf,
} from '@infinibay/contracts';
import { loadConfig } from '@infinibay/platform-config';
import { createLogger } from '@infinibay/platform-logging';
import { RequestClient, RequestServer, startMessaging } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { appendToOutbox, newEvent } from '@infinibay/platform-persistence';
import { createTestDatabase, pollUntil, testNats, type TestDatabase } from '@infinibay/testing';
import { connect, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';
import { PrismaClient, createDatabase } from './database.js';
import { metricsFrame, nestedMetricsFrame } from './testing/agent-frames.js';
import { GuestServer } from './testing/guest-server.js';

const DEPARTMENT = randomUUID();
const logger = createLogger({ service: 'metrics-collector', level: 'error', format: 'json' });
const known = new Set<string>();
let database: TestDatabase;
let client: PrismaClient;
let nats: NatsConnection;
let requests: RequestClient;
let sockets: string;
let app: INestApplication;

const boot = async (): Promise<INestApplication> => {
  const server = testNats();
  const config = loadConfig(configSchema, {
    NODE_ENV: 'test',
    HTTP_PORT: '0',
    NATS_URL: server.url,
    NATS_USER: server.user,
    NATS_PASSWORD: server.password,
    DATABASE_URL: database.url,
    AGENT_SOCKET_DIR: sockets,
    SAMPLE_MIN_INTERVAL_MS: '0',
    GUEST_BYTES_PER_SECOND: '67108864',
  });
  const booted = await NestFactory.create(AppModule.forRoot(config, logger), { logger: false });
  await startMessaging(booted);
  await booted.listen(0, '127.0.0.1');
  return booted;
};

const stop = async (running: INestApplication): Promise<void> => {
  const pool = running.get(PrismaClient);
  await running.close();
  await pool.$disconnect();
};

beforeAll(async () => {
  database = await createTestDatabase('metrics');
  client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
  sockets = mkdtempSync(join(tmpdir(), 'ib-agents-'));
  const server = testNats();
  nats = await connect({ servers: server.url, user: server.user, pass: server.password });
  const metrics = new MetricsRegistry('vms');
  requests = new RequestClient(nats, metrics.histogram('sent', 'sent', ['name', 'outcome']));
  const vms = new RequestServer(nats, 'vms', logger, metrics.histogram('handled', 'handled', ['name', 'outcome']));
  vms.serve(findVms, ({ vmIds }: RequestOf<typeof findVms>) =>
    Promise.resolve({
      vms: vmIds
        .filter((vmId) => known.has(vmId))
        .map((vmId) => ({
          vmId,
          departmentId: DEPARTMENT,
          ownerId: randomUUID(),
          name: 'web-1',
          state: 'RUNNING',
          hostId: null,
        })),
    }),
  );
  app = await boot();
});

afterAll(async () => {
  await stop(app);
  await client.$disconnect();
  await nats.close();
  await database.drop();
  rmSync(sockets, { recursive: true, force: true });
});

let vmId: string;
/** The vm.guest-connected events of this test's VM. */
let connected: EventEnvelope[];
let subscription: Subscription;
beforeEach(async () => {
  vmId = randomUUID();
  connected = [];
  const subject = eventSubject({
    name: vmGuestConnected.name,
    departmentId: DEPARTMENT,
    resource: { kind: 'vm', id: vmId },
  });
  subscription = nats.subscribe(subject, {
    callback: (_error, message) => {
      connected.push(message.json());
    },
  });
  await nats.flush();
});
afterEach(() => {
  subscription.unsubscribe();
});

const startGuest = async (isKnown = true): Promise<GuestServer> => {
  if (isKnown) known.add(vmId);
  const guest = await GuestServer.listen(sockets, vmId);
  await pollUntil(() => guest.isConnected, { what: 'the collector to connect' });
  return guest;
};

/** Sends frames until one is stored: the first ones go while the VM's department is being asked for. */
const sampleOnce = (guest: GuestServer, frame = metricsFrame): Promise<GuestSample> => {
  let uptime = 0;
  return pollUntil(
    async () => {
      guest.write(frame((uptime += 1)));
      return (await requests.call(getLatestSamples, { vmIds: [vmId] })).samples[0];
    },
    { intervalMs: 200, what: 'a stored sample' },
  );
};

const metricsText = async (): Promise<string> => (await fetch(`${await app.getUrl()}/metrics`)).text();

describe('metrics collector', () => {
  it.each([
    ['newer', metricsFrame],
    ['0.1.1', nestedMetricsFrame],
  ] as const)(
    'stores and sends live what a guest with the %s dialect says, by the host clock',
    async (_name, frame) => {
      const live: GuestSample[] = [];
      const samples = nats.subscribe(metricsSubject(DEPARTMENT, vmId), {
        callback: (_error, message) => {
          live.push(GuestSample.parse(message.json()));
        },
      });
      const guest = await startGuest();
      const begun = Date.now();
      const sample = await sampleOnce(guest, frame);
      expect(sample).toMatchObject({
        vmId,
        departmentId: DEPARTMENT,
        metrics: { cpuPercent: 12.5, processes: [{ name: 'init' }] },
      });
      const sampledAt = Date.parse(sample.sampledAt);
      expect([begun <= sampledAt, sampledAt <= Date.now()]).toEqual([true, true]);
      await pollUntil(() => live.length > 0, { what: 'a live sample' });
      expect(live[0]).toMatchObject({ vmId, departmentId: DEPARTMENT });
      samples.unsubscribe();
      await guest.close();
    },
  );

  it('answers history oldest first and within its limits', async () => {
    const guest = await startGuest();
    await sampleOnce(guest);
    const from = new Date().toISOString();
    for (let uptime = 101; uptime <= 105; uptime += 1) {
      guest.write(metricsFrame(uptime));
      await pollUntil(
        async () =>
          (await requests.call(getLatestSamples, { vmIds: [vmId] })).samples[0]?.metrics.uptimeSeconds === uptime,
      );
    }
    const to = new Date(Date.now() + 60_000).toISOString();
    const { samples } = await requests.call(getSampleHistory, { vmId, from, to, limit: 3 });
    expect(samples.map((sample) => sample.metrics.uptimeSeconds)).toEqual([101, 102, 103]);
    expect((await requests.call(getSampleHistory, { vmId, from: to, to, limit: 3 })).samples).toEqual([]);
    await guest.close();
  });

  it('tells once per socket that the guest connected, also over a restart of the collector', async () => {
    const guest = await startGuest();
    guest.write(
      `{"type":"handshake","vm_id":"${randomUUID()}","version":"0.3.1","platform":"linux","capabilities":[]}\n`,
    );
    const event = await pollUntil(() => connected[0], { what: 'vm.guest-connected' });
    expect(event).toMatchObject({ departmentId: DEPARTMENT, data: { vmId, agentVersion: '0.3.1' } });
    await stop(app);
    app = await boot();
    await pollUntil(() => guest.isConnected, { what: 'the collector to connect again' });
    await sampleOnce(guest);
    expect(connected).toHaveLength(1);
    await guest.close();
    const again = await startGuest();
    // Until the collector has seen that the socket is another, it is heard as the one before.
    await pollUntil(
      () => {
        again.write(metricsFrame(1));
        return connected.length === 2;
      },
      { intervalMs: 250, what: 'the event of the new socket' },
    );
    await again.close();
  });

  it('tells that a guest is gone whose socket was exchanged while the collector was away', async () => {
    const guest = await startGuest();
    guest.write(metricsFrame(1));
    const event = await pollUntil(() => connected[0], { what: 'vm.guest-connected' });
    await stop(app);
    await guest.close();
    const again = await GuestServer.listen(sockets, vmId);
    app = await boot();
    const rows = () => client.outboxEvent.findMany({ where: { subject: { contains: vmId } } });
    const silence = await pollUntil(
      async () => (await rows()).find(({ subject }) => subject.endsWith('guest-silent'))?.payload,
      { what: 'vm.guest-silent' },
    );
    expect(silence).toMatchObject({ data: { vmId, lastHeardAt: (event.data as { connectedAt: string }).connectedAt } });
    await again.close();
  });

  it('answers keep-alives', async () => {
    const guest = await startGuest();
    guest.write('{"type":"keep_alive","sequence_number":41,"timestamp":1}\n');
    const line = await pollUntil(() => guest.lines[0], { what: 'the answer' });
    expect(JSON.parse(line)).toMatchObject({ type: 'keep_alive_response', sequence_number: 41 });
    await guest.close();
  });

  it('counts what it drops and goes on: garbage, bombs, samples of a VM that nobody knows yet', async () => {
    const guest = await startGuest(false);
    guest.write(`garbage\n${'['.repeat(60_000)}\n${'x'.repeat(4_300_000)}\n{"__proto__":1}\n${metricsFrame(1)}`);
    const reasons = ['not_json', 'too_deep', 'oversize', 'forbidden_key', 'unknown_vm'];
    await pollUntil(
      async () => {
        const text = await metricsText();
        return reasons.every((reason) =>
          new RegExp(`dropped_total\\{[^}]*reason="${reason}"[^}]*\\} [1-9]`).test(text),
        );
      },
      { what: 'the counters' },
    );
    known.add(vmId);
    await sampleOnce(guest);
    await pollUntil(() => connected.length === 1, { what: 'vm.guest-connected' });
    await guest.close();
  });

  it('opens nothing that is not a socket in a folder named by an id', async () => {
    const target = await GuestServer.listen(mkdtempSync(join(tmpdir(), 'ib-outside-')), randomUUID());
    const linked = join(sockets, randomUUID());
    mkdirSync(linked);
    symlinkSync(join(target.folder, 'agent.sock'), join(linked, 'agent.sock'));
    symlinkSync(target.folder, join(sockets, randomUUID()));
    const named = await GuestServer.listen(sockets, 'not-an-id');
    const file = join(sockets, randomUUID());
    mkdirSync(file);
    writeFileSync(join(file, 'agent.sock'), 'text');
    const guest = await startGuest();
    await sampleOnce(guest);
    expect([target.isConnected, named.isConnected]).toEqual([false, false]);
    await Promise.all([target, named, guest].map((one) => one.close()));
    rmSync(join(target.folder, '..'), { recursive: true, force: true });
  });

  it('keeps samples while PostgreSQL is away and stores them when it is back, in full and with their own times', async () => {
    const guest = await startGuest();
    await sampleOnce(guest);
    const admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    const role = new URL(database.url).username;
    await admin.query(`ALTER ROLE ${role} NOLOGIN`);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
    const from = new Date().toISOString();
    for (let uptime = 201; uptime <= 205; uptime += 1) {
      guest.write(metricsFrame(uptime));
      guest.write(`{"type":"keep_alive","sequence_number":${uptime},"timestamp":1}\n`);
      // Answered in its turn: the sample before it has its time.
      await pollUntil(() => guest.lines.some((line) => line.includes(`"sequence_number":${uptime}`)), {
        what: `the collector to have read sample ${uptime}`,
      });
    }
    await pollUntil(
      async () => /samples_write_seconds_count\{[^}]*outcome="failed"[^}]*\} [1-9]/.test(await metricsText()),
      { what: 'a failed write' },
    );
    const to = new Date().toISOString();
    await admin.query(`ALTER ROLE ${role} LOGIN`);
    await admin.end();
    const samples = await pollUntil(
      async () => {
        const reply = await requests.call(getSampleHistory, { vmId, from, to, limit: 100 });
        return reply.samples.length >= 5 && reply.samples;
      },
      { what: 'the samples of the outage' },
    );
    expect(samples.map((sample) => sample.metrics.uptimeSeconds)).toEqual([201, 202, 203, 204, 205]);
    await guest.close();
  });

  it('deletes the samples of a deleted VM, once, and stores none that its guest still had under way', async () => {
    const guest = await startGuest();
    await sampleOnce(guest);
    const deleted = newEvent(vmDeleted, {
      departmentId: DEPARTMENT,
      resource: { kind: 'vm', id: vmId },
      data: { vmId, name: 'web-1' },
    });
    await client.$transaction((tx) => appendToOutbox(tx, [deleted]));
    const rows = async (): Promise<number> =>
      (await client.guestSample.count({ where: { vmId } })) + (await client.guestConnection.count({ where: { vmId } }));
    await pollUntil(async () => (await rows()) === 0, { what: 'the samples to go' });
    expect(await client.inboxEvent.count({ where: { eventId: deleted.id } })).toBe(1);

    const live: unknown[] = [];
    const samples = nats.subscribe(metricsSubject(DEPARTMENT, vmId), {
      callback: (_error, message) => {
        live.push(message);
      },
    });
    await nats.flush();
    guest.write(metricsFrame(900));
    await pollUntil(() => live.length > 0, { what: 'the late sample to have been taken' });
    samples.unsubscribe();
    const late = vmId;
    vmId = randomUUID();
    const other = await startGuest();
    await sampleOnce(other);
    // Samples are written in the order in which they came.
    vmId = late;
    expect(await rows()).toBe(0);
    await guest.close();
    await other.close();
  });

  it('deletes what is older than the retention', async () => {
    await client.guestSample.create({
      data: {
        vmId,
        departmentId: DEPARTMENT,
        sampledAt: new Date(Date.now() - 169 * 3_600_000),
        uptimeSeconds: 1,
        cpuPercent: 1,
        memoryTotalKib: 1,
        memoryUsedKib: 1,
        payload: {},
      },
    });
    await client.forgottenVm.createMany({
      data: [193, 191].map((hours) => ({ vmId: randomUUID(), forgottenAt: new Date(Date.now() - hours * 3_600_000) })),
    });
    const longForgotten = { where: { forgottenAt: { lt: new Date(Date.now() - 150 * 3_600_000) } } };
    await stop(app);
    app = await boot();
    await pollUntil(async () => (await client.guestSample.count({ where: { vmId } })) === 0, {
      what: 'the old sample to go',
    });
    await pollUntil(async () => (await client.forgottenVm.count(longForgotten)) === 1, {
      what: 'what was forgotten before that to go',
    });
  });

  it('is ready when PostgreSQL and NATS take writes', async () => {
    const response = await fetch(`${await app.getUrl()}/health/ready`);
    expect(await response.json()).toMatchObject({
      ready: true,
      dependencies: [
        { name: 'nats', ok: true },
        { name: 'postgresql', ok: true },
        { name: 'outbox', ok: true, required: false },
      ],
    });
  });
});
