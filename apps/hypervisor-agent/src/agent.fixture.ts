import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DomainError,
  hostDisksChecked,
  hostHardwareObserved,
  hostHeartbeat,
  hostReportSubject,
  hostPortLinksObserved,
  hostTuningObserved,
  hostVmsMeasured,
  hostVmPowerChanged,
  type HostHardware,
  type HostTuning,
  type ObservedLinks,
  type ObservedSizes,
  type ReplyOf,
  type ReportDataOf,
  type RequestContract,
  type RequestInputOf,
} from '@infinibay/contracts';
import { loadConfig } from '@infinibay/platform-config';
import { createLogger } from '@infinibay/platform-logging';
import { NATS_CONNECTION, RequestClient, subscribeToReport, startMessaging } from '@infinibay/platform-messaging';
import { pollUntil, testNats } from '@infinibay/testing';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NatsConnection } from '@nats-io/transport-node';
import { AppModule } from './app.module.js';
import { configSchema } from './config.js';
import { HostEventReader } from './events/host-events.fixture.js';

export interface AgentFolders {
  readonly images: string;
  readonly state: string;
  readonly sockets: string;
  readonly screens: string;
  readonly disks: string;
  readonly remove: () => void;
}

export const agentFolders = (): AgentFolders => {
  const root = mkdtempSync(join(tmpdir(), 'ib-'));
  return {
    images: mkdtempSync(join(root, 'i')),
    state: mkdtempSync(join(root, 's')),
    sockets: mkdtempSync(join(root, 'a')),
    screens: join(root, 'v'),
    disks: join(root, 'd'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
};

/** Settings of an agent that has these folders, on libvirt's test driver unless said otherwise. */
export const settingsIn = ({ images, state, sockets, screens, disks }: AgentFolders, uri = 'test:///default') => ({
  LIBVIRT_URI: uri,
  AGENT_SOCKET_DIR: sockets,
  SCREEN_SOCKET_DIR: screens,
  IMAGE_DIR: images,
  DISK_DIR: disks,
  STATE_DIR: state,
});

/** The agent itself, and what the services beside it see of it: requests and reports over NATS. */
export class RunningAgent {
  readonly heartbeats: ReportDataOf<typeof hostHeartbeat>[] = [];
  readonly powerChanges: ReportDataOf<typeof hostVmPowerChanged>[] = [];

  readonly events: HostEventReader;
  /** What the newest reports told of how large VMs are. */
  readonly sizes = new Map<string, ObservedSizes>();
  /** And of which of their cards have a link. */
  readonly links = new Map<string, ObservedLinks>();
  /** What the newest report told that VMs can be made of. */
  hardware: HostHardware | undefined;
  /** And which memory and CPUs they can have. */
  tuning: HostTuning | undefined;
  private problems = new Map<string, string>();

  private constructor(
    readonly app: INestApplication,
    readonly hostId: string,
    /** Lines of its log. */
    readonly logged: readonly string[],
  ) {
    this.events = new HostEventReader(app.get<NatsConnection>(NATS_CONNECTION, { strict: false }), hostId);
  }

  /** Resolves with the first heartbeat; with `withLibvirt` false as soon as it listens. */
  static async start(environment: Record<string, string>, { withLibvirt = true } = {}): Promise<RunningAgent> {
    const nats = testNats();
    const hostId = environment['HOST_ID'] ?? randomUUID();
    const config = loadConfig(configSchema, {
      HTTP_PORT: '0',
      NATS_URL: nats.url,
      NATS_USER: nats.user,
      NATS_PASSWORD: nats.password,
      HEARTBEAT_INTERVAL_MS: '250',
      DISK_CHECK_INTERVAL_MS: '250',
      SIZE_CHECK_INTERVAL_MS: '1000',
      HOST_ID: hostId,
      ...environment,
    });
    const logged: string[] = [];
    const logger = createLogger({
      service: 'hypervisor-agent',
      level: process.env['LOG_LEVEL'] ?? 'info',
      format: 'json',
      destination: { write: (line) => keepLine(logged, line) },
    });
    const app = await NestFactory.create(AppModule.forRoot(config, logger), { logger: false, abortOnError: false });
    await startMessaging(app);
    await app.listen(0, '127.0.0.1');
    const agent = new RunningAgent(app, hostId, logged);
    agent.listen();
    if (!withLibvirt) return agent;
    await pollUntil(() => agent.heartbeats.length > 0, { timeoutMs: 20_000, what: 'the first heartbeat' });
    return agent;
  }

  async call<C extends RequestContract>(contract: C, data: RequestInputOf<C>, timeoutMs?: number): Promise<ReplyOf<C>> {
    const options = { hostId: this.hostId, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    try {
      return await this.app.get(RequestClient, { strict: false }).call(contract, data, options);
    } catch (error) {
      // What libvirt said stays on the host: a spec that fails shows the agent's own line about it.
      if (error instanceof DomainError)
        error.cause ??= this.logged.findLast((line) => line.includes(`"request":"${contract.name}"`));
      throw error;
    }
  }

  /** The code with which a request is refused. */
  async refusal<C extends RequestContract>(contract: C, data: RequestInputOf<C>, timeoutMs?: number): Promise<string> {
    try {
      await this.call(contract, data, timeoutMs);
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      throw error;
    }
    throw new Error(`${contract.name} was not refused`);
  }

  /** The value of a metric without labels of its own. */
  async metric(name: string): Promise<number | undefined> {
    const line = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec((await this.http('/metrics')).body);
    return line === null ? undefined : Number(line[1]);
  }

  async http(path: string): Promise<{ readonly status: number; readonly body: string }> {
    const response = await fetch(`${await this.app.getUrl()}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** What the newest look at the disks told of one; undefined: it is sound. */
  diskProblems(vmId: string): string | undefined {
    return this.problems.get(vmId);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  private listen(): void {
    const connection = this.app.get<NatsConnection>(NATS_CONNECTION, { strict: false });
    const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
    subscribeToReport(
      connection,
      hostHeartbeat,
      hostReportSubject(hostHeartbeat, this.hostId),
      { logger },
      (report) => {
        this.heartbeats.push(report);
      },
    );
    subscribeToReport(
      connection,
      hostDisksChecked,
      hostReportSubject(hostDisksChecked, this.hostId),
      { logger },
      ({ problems }) => {
        this.problems = new Map(problems.map((problem) => [problem.vmId, problem.code]));
      },
    );
    subscribeToReport(
      connection,
      hostVmsMeasured,
      hostReportSubject(hostVmsMeasured, this.hostId),
      { logger },
      ({ vms }) => {
        for (const { vmId, ...sizes } of vms) this.sizes.set(vmId, sizes);
      },
    );
    subscribeToReport(
      connection,
      hostPortLinksObserved,
      hostReportSubject(hostPortLinksObserved, this.hostId),
      { logger },
      ({ vms }) => {
        for (const { vmId, ...links } of vms) this.links.set(vmId, links);
      },
    );
    subscribeToReport(
      connection,
      hostHardwareObserved,
      hostReportSubject(hostHardwareObserved, this.hostId),
      { logger },
      ({ hardware }) => {
        this.hardware = hardware;
      },
    );
    subscribeToReport(
      connection,
      hostTuningObserved,
      hostReportSubject(hostTuningObserved, this.hostId),
      { logger },
      ({ tuning }) => {
        this.tuning = tuning;
      },
    );
    subscribeToReport(
      connection,
      hostVmPowerChanged,
      hostReportSubject(hostVmPowerChanged, this.hostId),
      { logger },
      (report) => {
        this.powerChanges.push(report);
      },
    );
  }
}

/** Kept for specs; shown where somebody asked for a level. */
const keepLine = (lines: string[], line: string): void => {
  lines.push(line);
  if (process.env['LOG_LEVEL'] !== undefined) process.stdout.write(line);
};

export interface TestImage {
  readonly imageId: string;
  readonly path: string;
}

/** Puts an image with its manifest into a folder. */
export const writeImage = (folder: string, content: Buffer, changes: Record<string, unknown> = {}): TestImage => {
  const imageId = randomUUID();
  const file = `${imageId}.img`;
  writeFileSync(join(folder, file), content);
  const manifest = {
    id: imageId,
    name: 'empty',
    version: '1',
    format: 'raw',
    file,
    sha256: createHash('sha256').update(content).digest('hex'),
    virtualSizeBytes: content.length,
    minMemoryMib: 64,
    osFamily: 'none',
    ...changes,
  };
  writeFileSync(join(folder, `${imageId}.json`), JSON.stringify(manifest));
  return { imageId, path: join(folder, file) };
};

/** Asks again until it ends. @returns `complete`, or the code of the refusal */
export const endOf = (ask: () => Promise<{ readonly isComplete: boolean }>, what: string): Promise<string> =>
  pollUntil(
    async () => {
      try {
        return (await ask()).isComplete ? 'complete' : null;
      } catch (error) {
        if (error instanceof DomainError && error.kind === 'precondition') return error.code;
        return null;
      }
    },
    { what, timeoutMs: 60_000 },
  );
