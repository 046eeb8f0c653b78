import { SCHEMA_NAMES } from '@infinibay/contracts';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { installEmptyImage } from '../guest-image/empty-image.ts';
import { startChild } from './child-process.ts';
import { newPassword, pendingPassword } from './first-administrator.ts';
import { choosePorts } from './free-ports.ts';
import type { HypervisorChoice } from './hypervisor-choice.ts';
import { installBuiltInImage } from './image-store.ts';
import {
  prepareDatabase,
  prepareFolders,
  stackLibvirtUri,
  startLibvirtPart,
  startNatsPart,
  startPostgresPart,
  type InfrastructureInputs,
  type StackPart,
} from './infrastructure.ts';
import { repositoryRoot, type StackLayout } from './layout.ts';
import { serviceLiveness } from './liveness.ts';
import { NATS_USER_NAMES } from './nats-users.ts';
import { waitForReadiness } from './readiness.ts';
import { Restarts } from './restarts.ts';
import { loadSecrets } from './secrets.ts';
import {
  healthPortOf,
  PREFERRED_PORTS,
  SERVICES,
  serviceEnvironment,
  type ServiceContext,
  type ServiceEntry,
} from './services.ts';
import type { StackSettings } from './settings.ts';
import { messageOf, StackError } from './stack-error.ts';
import { SupervisedProcess } from './supervised-process.ts';

/**
 * The old space is what V8 gives itself under the memory limits of docker-compose.yml; without one it takes what a large
 * machine has. A start fills the space of young objects: with 8 MiB (the images have that too) 20 MiB less stay resident,
 * and a start costs the same; with 4 MiB it costs a fifth more.
 */
const V8_FLAGS = ['--max-old-space-size=256', '--max-semi-space-size=8'];
/** To end what hangs: on a busy machine eight services take a while to start. */
const READY_TIMEOUT_MS = 300_000;

/** Thrown by a checkpoint when the operator ended the start. */
export class StartCancelled extends Error {
  override readonly name = 'StartCancelled';
}

export interface StackOptions {
  readonly layout: StackLayout;
  readonly hypervisor: HypervisorChoice;
  /** The demo will run and needs an account. */
  readonly forDemo: boolean;
  readonly settings: StackSettings;
  readonly say: (line: string) => void;
  readonly cancelled: () => boolean;
}

/** Everything that runs on this machine for one state folder: servers first, services on top. */
export class Stack {
  private readonly options: StackOptions;
  /** In the order of starting; stopped in reverse. */
  private readonly parts: StackPart[] = [];
  private readonly services: SupervisedProcess[] = [];
  private readonly restarts: Restarts;
  private releasePorts: () => void = () => undefined;

  constructor(options: StackOptions) {
    this.options = options;
    this.restarts = new Restarts(options.layout);
  }

  private get stableAfterMs(): number {
    return this.options.settings.INFINIBAY_STABLE_SECONDS * 1_000;
  }

  /** Starts all and returns when every service is ready. On failure the caller still has to `stop`. */
  async start(): Promise<ServiceContext> {
    const { layout, hypervisor } = this.options;
    prepareFolders(layout);
    const secrets = loadSecrets(layout.secretsFile, SCHEMA_NAMES, NATS_USER_NAMES);
    const { ports, release } = await choosePorts(path.join(layout.runDir, 'ports.json'), PREFERRED_PORTS);
    this.releasePorts = release;
    const { INFINIBAY_SILENCE_SECONDS: silenceSeconds } = this.options.settings;
    this.restarts.clear();
    const inputs = {
      layout,
      secrets,
      ports,
      say: this.options.say,
      silenceSeconds,
      stableAfterMs: this.stableAfterMs,
      restarting: this.restarts.count,
    };
    const firstStart = await this.startInfrastructure(inputs);
    this.checkpoint();
    if (!installBuiltInImage(layout.imageDir)) {
      if (hypervisor.kind === 'qemu') throw new StackError('the guest image is missing: run npm run setup');
      installEmptyImage(layout.imageDir);
    }
    const context: ServiceContext = {
      layout,
      secrets,
      ports,
      hypervisor,
      libvirtUri: stackLibvirtUri(layout, hypervisor.kind),
      firstStart,
      adminPassword: pendingPassword(layout.runDir, firstStart),
      demoPassword: this.options.forDemo ? newPassword() : undefined,
    };
    writeStateFile(context);
    await this.startServices(context);
    return context;
  }

  /** Services first, then guests and libvirtd, NATS, PostgreSQL. Always goes through all of it; returns what failed. */
  async stop(): Promise<string[]> {
    const problems: string[] = [];
    const attempt = async (name: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        problems.push(`${name}: ${messageOf(error)}`);
      }
    };
    await Promise.all(this.services.map((service) => attempt(service.name, () => service.stop())));
    for (const part of this.parts.reverse()) await attempt(part.name, part.stop);
    this.releasePorts();
    return problems;
  }

  /** @throws StartCancelled */
  checkpoint(): void {
    if (this.options.cancelled()) throw new StartCancelled('the start was called off');
  }

  /** The three servers don't need each other. Each registers itself as soon as it runs, so that a failure of another leaves none behind. */
  private async startInfrastructure(inputs: InfrastructureInputs): Promise<boolean> {
    const { say, hypervisor } = this.options;
    const started = Date.now();
    const results = await Promise.allSettled([
      startPostgresPart(inputs).then(({ part, postgres }) => {
        this.parts.unshift(part);
        return postgres;
      }),
      startNatsPart(inputs).then((part) => {
        this.parts.push(part);
      }),
      hypervisor.kind === 'qemu'
        ? startLibvirtPart(inputs).then((part) => {
            this.parts.push(part);
          })
        : undefined,
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    say(
      `PostgreSQL, NATS${hypervisor.kind === 'qemu' ? ' and libvirtd' : ''} up after ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
    this.checkpoint();
    const [postgres] = results;
    if (postgres.status === 'rejected') throw postgres.reason;
    return (await prepareDatabase(inputs, postgres.value)).firstStart;
  }

  private async startServices(context: ServiceContext): Promise<void> {
    const built = SERVICES.filter(({ name }) => existsSync(entryPoint(name)));
    const missing = SERVICES.filter((entry) => !built.includes(entry));
    if (missing.length > 0)
      throw new StackError(`not built: ${missing.map(({ name }) => name).join(', ')}; run npm run setup`);
    const report = {
      say: this.options.say,
      restarting: this.restarts.count,
      stableAfterMs: this.stableAfterMs,
    };
    for (const entry of built) {
      const liveness = serviceLiveness(
        healthPortOf(entry.name, context.ports),
        this.options.settings.INFINIBAY_SILENCE_SECONDS,
      );
      const launch = (): ReturnType<typeof startChild> => startService(entry, context);
      const service = new SupervisedProcess(entry.name, launch, report, liveness);
      await service.start();
      this.services.push(service);
    }
    const waits = built.map(async ({ name }, index) => {
      const service = this.services[index];
      if (service === undefined) return;
      await waitForReadiness(service, healthPortOf(name, context.ports), {
        timeoutMs: READY_TIMEOUT_MS,
        checkpoint: () => {
          this.checkpoint();
        },
        say: this.options.say,
      });
    });
    await Promise.all(waits);
  }
}

const entryPoint = (service: string): string => path.join(repositoryRoot, 'apps', service, 'dist', 'main.js');

function startService(entry: ServiceEntry, context: ServiceContext): ReturnType<typeof startChild> {
  const { layout } = context;
  return startChild({
    name: entry.name,
    command: process.execPath,
    args: [...V8_FLAGS, entryPoint(entry.name)],
    environment: serviceEnvironment(entry, context),
    workingDir: layout.stateDir,
    logFile: path.join(layout.logDir, `${entry.name}.log`),
    runDir: layout.runDir,
    stopTimeoutMs: 10_000,
  });
}

/** What other commands need to know about a running stack; holds no secret. */
export interface StackState {
  readonly hypervisor: HypervisorChoice;
  readonly libvirtUri: string;
  readonly networkNamespace: string;
  readonly ports: Readonly<Record<string, number>>;
}

export const stateFile = (layout: StackLayout): string => path.join(layout.runDir, 'stack.json');

function writeStateFile({ layout, hypervisor, libvirtUri, ports }: ServiceContext): void {
  const state: StackState = { hypervisor, libvirtUri, networkNamespace: layout.networkNamespace, ports };
  writeFileSync(stateFile(layout), `${JSON.stringify(state, null, 2)}\n`);
}
