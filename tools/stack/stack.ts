import { SCHEMA_NAMES, type ServiceName } from '@infinibay/contracts';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { installEmptyImage } from '../guest-image/empty-image.ts';
import { startChild } from './child-process.ts';
import { newPassword, pendingPassword } from './first-administrator.ts';
import { fleetEnvironment, furtherHosts, preferredPorts, type Fleet } from './fleet.ts';
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
import { FURTHER_HOST_IDS, natsUserNames } from './nats-users.ts';
import { waitForReadiness } from './readiness.ts';
import { Restarts } from './restarts.ts';
import { loadSecrets } from './secrets.ts';
import { healthPortOf, SERVICES, serviceEnvironment, type ServiceContext } from './services.ts';
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
  /** Its hosts are started too. */
  readonly fleet?: Fleet | undefined;
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
    const { layout, hypervisor, fleet } = this.options;
    for (const one of [layout, ...furtherHosts(fleet).map((host) => host.layout)]) prepareFolders(one);
    const furtherHostIds = fleet === undefined ? FURTHER_HOST_IDS : furtherHosts(fleet).map(({ id }) => id);
    const secrets = loadSecrets(layout.secretsFile, SCHEMA_NAMES, natsUserNames(furtherHostIds));
    const { ports, release } = await choosePorts(path.join(layout.runDir, 'ports.json'), preferredPorts(fleet));
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
      furtherHostIds,
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
      libvirtUri: fleet?.hosts[0]?.uri ?? stackLibvirtUri(layout, hypervisor.kind),
      firstStart,
      adminPassword: pendingPassword(layout.runDir, firstStart),
      demoPassword: this.options.forDemo ? newPassword() : undefined,
    };
    const programs = this.programs(context, ports);
    writeStateFile(
      context,
      programs.map(({ name }) => name),
    );
    await this.startServices(programs, context);
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

  /** The services, and the agents of hosts that there are beside the first one. @throws StackError for what is not built */
  private programs(context: ServiceContext, ports: Readonly<Record<string, number>>): Program[] {
    const missing = SERVICES.filter(({ name }) => !existsSync(entryPoint(name)));
    if (missing.length > 0)
      throw new StackError(`not built: ${missing.map(({ name }) => name).join(', ')}; run npm run setup`);
    const services = SERVICES.map((entry) => ({
      name: entry.name,
      service: entry.name,
      healthPort: healthPortOf(entry.name, context.ports),
      environment: serviceEnvironment(entry, context),
    }));
    const agents = furtherHosts(this.options.fleet).map((host) => ({
      name: host.name,
      service: 'hypervisor-agent' as const,
      healthPort: ports[host.name] ?? 0,
      environment: fleetEnvironment(host, context, ports),
    }));
    return [...services, ...agents];
  }

  private async startServices(programs: readonly Program[], { layout }: ServiceContext): Promise<void> {
    const report = {
      say: this.options.say,
      restarting: this.restarts.count,
      stableAfterMs: this.stableAfterMs,
    };
    for (const program of programs) {
      const liveness = serviceLiveness(program.healthPort, this.options.settings.INFINIBAY_SILENCE_SECONDS);
      const launch = (): ReturnType<typeof startChild> => startProgram(program, layout);
      const service = new SupervisedProcess(program.name, launch, report, liveness);
      await service.start();
      this.services.push(service);
    }
    const waits = programs.map(async ({ healthPort }, index) => {
      const service = this.services[index];
      if (service === undefined) return;
      await waitForReadiness(service, healthPort, {
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

/** A process of one of our services. */
interface Program {
  /** Of its log, among all processes of the stack. */
  readonly name: string;
  readonly service: ServiceName;
  readonly healthPort: number;
  readonly environment: Record<string, string>;
}

const entryPoint = (service: ServiceName): string => path.join(repositoryRoot, 'apps', service, 'dist', 'main.js');

function startProgram({ name, service, environment }: Program, layout: StackLayout): ReturnType<typeof startChild> {
  return startChild({
    name,
    command: process.execPath,
    args: [...V8_FLAGS, entryPoint(service)],
    environment,
    workingDir: layout.stateDir,
    logFile: path.join(layout.logDir, `${name}.log`),
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
  /** Processes of our services, in the order in which people see them; a start of an older version did not tell. */
  readonly programs?: readonly string[];
}

export const stateFile = (layout: StackLayout): string => path.join(layout.runDir, 'stack.json');

function writeStateFile({ layout, hypervisor, libvirtUri, ports }: ServiceContext, programs: readonly string[]): void {
  const { networkNamespace } = layout;
  const state: StackState = { hypervisor, libvirtUri, networkNamespace, ports, programs };
  writeFileSync(stateFile(layout), `${JSON.stringify(state, null, 2)}\n`);
}
