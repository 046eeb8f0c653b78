import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findVms, getLatestSamples, type GuestSample, type RequestOf } from '@infinibay/contracts';
import { loadConfig } from '@infinibay/platform-config';
import { createLogger } from '@infinibay/platform-logging';
import { RequestClient, RequestServer, startMessaging } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { createTestDatabase, pollUntil, testNats, type TestDatabase } from '@infinibay/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { configSchema } from '../config.js';
import { PrismaClient, createDatabase } from '../database.js';
import { metricsFrame } from './agent-frames.js';
import { GuestServer } from './guest-server.js';

/** The service on a database, a socket folder and a NATS of its own; a VM belongs to one department unless a spec says so. */
export class RunningCollector {
  readonly departmentId = randomUUID();
  /** Of VMs that have gone to another department. */
  readonly departments = new Map<string, string>();

  private constructor(
    readonly nats: NatsConnection,
    readonly requests: RequestClient,
    readonly client: PrismaClient,
    private readonly database: TestDatabase,
    private readonly sockets: string,
    private readonly running: { app?: INestApplication | undefined; boot?: () => Promise<INestApplication> },
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<RunningCollector> {
    const logger = createLogger({ service: 'metrics-collector', level: 'fatal', format: 'json' });
    const database = await createTestDatabase('metrics');
    const client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    const sockets = mkdtempSync(join(tmpdir(), 'ib-agents-'));
    const server = testNats();
    const nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    const metrics = new MetricsRegistry('vms');
    const requests = new RequestClient(nats, metrics.histogram('sent', 'sent', ['name', 'outcome']));
    const rig = new RunningCollector(nats, requests, client, database, sockets, {});
    const vms = new RequestServer(nats, 'vms', logger, metrics.histogram('handled', 'handled', ['name', 'outcome']));
    vms.serve(findVms, ({ vmIds }: RequestOf<typeof findVms>) => Promise.resolve({ vms: vmIds.map(rig.vm) }));
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
      ...settings,
    });
    const boot = async (): Promise<INestApplication> => {
      const app = await NestFactory.create(AppModule.forRoot(config, logger), { logger: false });
      await startMessaging(app);
      await app.listen(0, '127.0.0.1');
      return app;
    };
    Object.assign(rig.running, { boot, app: await boot() });
    return rig;
  }

  /** Ends the collector, and starts another in its place. */
  async restart(): Promise<void> {
    await this.end();
    this.running.app = await this.running.boot?.();
  }

  private async end(): Promise<void> {
    const pool = this.running.app?.get(PrismaClient);
    await this.running.app?.close();
    await pool?.$disconnect();
  }

  /** Of its database: another collector may have the same. */
  get databaseUrl(): string {
    return this.database.url;
  }

  async stop(): Promise<void> {
    await this.end();
    await this.client.$disconnect();
    await this.nats.close();
    await this.database.drop();
    rmSync(this.sockets, { recursive: true, force: true });
  }

  async startGuest(vmId: string = randomUUID()): Promise<GuestServer> {
    const guest = await GuestServer.listen(this.sockets, vmId);
    await pollUntil(() => guest.isConnected, { what: 'the collector to connect' });
    return guest;
  }

  async latest(vmId: string): Promise<GuestSample | undefined> {
    return (await this.requests.call(getLatestSamples, { vmIds: [vmId] })).samples[0];
  }

  /** Sends the frame until a sample of that uptime is stored: the first go while the VM's department is asked for. */
  sampled(
    guest: GuestServer,
    uptimeSeconds: number,
    frame: string = metricsFrame(uptimeSeconds),
  ): Promise<GuestSample> {
    return pollUntil(
      async () => {
        guest.write(frame);
        const sample = await this.latest(guest.vmId);
        return sample?.metrics.uptimeSeconds === uptimeSeconds ? sample : undefined;
      },
      { intervalMs: 250, timeoutMs: 30_000, what: 'a stored sample' },
    );
  }

  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${(await this.running.app?.getUrl()) ?? ''}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(name) && candidate.includes(label));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  private readonly vm = (vmId: string) => ({
    vmId,
    departmentId: this.departments.get(vmId) ?? this.departmentId,
    ownerId: randomUUID(),
    name: 'web-1',
    state: 'RUNNING' as const,
    hostId: null,
  });
}
