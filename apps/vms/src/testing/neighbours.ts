import { randomUUID } from 'node:crypto';
import {
  DomainError,
  defineMachine,
  defineVm,
  ensureDisk,
  findDepartments,
  forceOffVm,
  hostHardwareObserved,
  hostHeartbeat,
  hostVmPowerChanged,
  hostVmsMeasured,
  hostDisksChecked,
  hostPoolsObserved,
  hostPortLinksObserved,
  inspectDisk,
  inspectSizes,
  inspectVm,
  protectVm,
  rebootVm,
  removeDisk,
  resetVm,
  resolveSession,
  resumeVm,
  shutdownVm,
  startVm,
  suspendVm,
  undefineVm,
  unprotectVm,
  type Actor,
  type DiskProblem,
  type DomainPower,
  type HostHardware,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
  type VmHardware,
  type VmSpec,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { ReportPublisher, RequestServer, connectToNats, type NatsOptions } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import type { NatsConnection } from '@nats-io/transport-node';
import { SimulatedChains } from './simulated-chains.js';
import { SimulatedImages } from './simulated-images.js';
import { SimulatedMembers } from './simulated-members.js';
import { CAPABILITIES, HARDWARE } from './simulated-host.js';
import { serveLinks } from './simulated-links.js';
import { SimulatedPorts } from './simulated-ports.js';
import { SimulatedSaves } from './simulated-saves.js';
import { SimulatedSeeds } from './simulated-seeds.js';
import { SimulatedSizes, serveSizes } from './simulated-sizes.js';
import { SimulatedSnapshots } from './simulated-snapshots.js';
import { SimulatedTuning } from './simulated-tuning.js';
import { SimulatedVolumes } from './simulated-volumes.js';

const HEARTBEAT_MS = 1_000;

export interface SimulatedVm {
  power: DomainPower | null;
  reason: string;
  disk: boolean;
  /** What is in the place of the disk, when it isn't the disk. */
  problem: DiskProblem | null;
  disksMade: number;
  /** Whether a resume leaves it paused. */
  stuck: boolean;
  /** Operations for which the guest was asked to restart, and whether it has since the last. */
  readonly restartsAskedFor: string[];
  hasRestarted: boolean;
  /** Operations for which the reset button was pressed. */
  readonly resets: string[];
  port: boolean;
  /** What the port, and so the guest, is called. */
  hostname?: string;
  /** What libvirt shows it as, and the network of its card. */
  name?: string;
  network?: string;
  /** What it is defined to be made of, where that was said. */
  hardware?: VmHardware;
  filter: boolean;
  /** The department whose rules it is of. */
  filterOf?: string;
  fence: number;
  readonly sizes: SimulatedSizes;
}

const MISSING: DiskProblem = { code: 'DISK_MISSING', message: 'no file' };

/**
 * The services around vms, speaking their contracts over real NATS from one set of facts. It refuses stale fences and
 * counts what it did, as the real ones do.
 */
export class Neighbours {
  readonly hostId: string;
  readonly imageId: string;
  readonly departments = new Set<string>();
  /** Sessions that are open, by their ids. */
  readonly sessions = new Map<string, Actor>();
  readonly ports = new SimulatedPorts();
  readonly missingNetworks = this.ports.missing;
  readonly vms = new Map<string, SimulatedVm>();
  readonly calls: string[] = [];
  readonly volumes = new SimulatedVolumes();
  readonly images = new SimulatedImages();
  readonly snapshots = new SimulatedSnapshots();
  readonly seeds = new SimulatedSeeds();
  readonly members = new SimulatedMembers();
  readonly saves = new SimulatedSaves();
  readonly chains = new SimulatedChains();
  /** What VMs on the host can be made of; null: its agent does not tell. */
  hardware: HostHardware | null = HARDWARE;
  readonly tuning = new SimulatedTuning();
  /** Awaited at the start of each command, and before the answer to a look: throw or wait here to disturb it. */
  disturb: (name: string, vmId: string) => Promise<void> | void = () => undefined;
  private sequence = 0;
  private beating: NodeJS.Timeout | undefined;

  private constructor(
    private readonly connection: NatsConnection,
    private readonly reports: ReportPublisher,
    ids: { readonly hostId?: string; readonly imageId?: string },
  ) {
    this.hostId = ids.hostId ?? randomUUID();
    this.imageId = ids.imageId ?? randomUUID();
  }

  /**
   * @param ids of services that were away and come back
   * @param isNew whether the agent is of a version that knows cloud-init and links
   */
  static async start(
    nats: Omit<NatsOptions, 'service'>,
    ids: { readonly hostId?: string; readonly imageId?: string } = {},
    isNew = true,
  ): Promise<Neighbours> {
    const logger = createLogger({ service: 'neighbours', level: 'error', format: 'json' });
    const connection = await connectToNats({ ...nats, service: 'neighbours' }, logger);
    const durations = new MetricsRegistry('neighbours').histogram('seconds', 'seconds', ['name', 'outcome']);
    const server = new RequestServer(connection, 'neighbours', logger, durations);
    const neighbours = new Neighbours(connection, new ReportPublisher(connection), ids);
    neighbours.serve(server, isNew);
    // As a host does: one that is silent is offline, and nothing is built on it.
    neighbours.beating = setInterval(() => neighbours.heartbeat(), HEARTBEAT_MS);
    return neighbours;
  }

  async stop(): Promise<void> {
    clearInterval(this.beating);
    await this.connection.close();
  }

  /** What the host has that it should not. */
  leftovers(): string[] {
    return [...this.vms].filter(([, vm]) => vm.power !== null || vm.disk || vm.port || vm.filter).map(([id]) => id);
  }

  heartbeat(): void {
    this.reports.publishForHost(hostHeartbeat, this.hostId, {
      inventory: {
        hostId: this.hostId,
        hostname: 'host-1',
        cpus: 4,
        memoryMib: 8_192,
        memoryFreeMib: 8_000,
        capabilities: CAPABILITIES,
        images: this.images.all(this.imageId),
      },
      vms: [...this.vms].flatMap(([vmId, vm]) =>
        vm.power === null ? [] : [{ vmId, power: vm.power, reason: vm.reason }],
      ),
      sequence: ++this.sequence,
    });
    this.reports.publishForHost(hostPoolsObserved, this.hostId, this.volumes.report(this.hostId, ++this.sequence));
    const { hostId, hardware, reports } = this;
    for (const part of [this.images, this.tuning]) part.tell(reports, hostId, ++this.sequence);
    if (hardware === null) return;
    this.reports.publishForHost(hostHardwareObserved, hostId, { hostId, hardware, sequence: ++this.sequence });
  }

  /** What libvirt tells when a guest changes its power by itself. */
  powerChange(vmId: string, power: DomainPower, reason: string): void {
    Object.assign(this.vm(vmId), { power, reason });
    this.vm(vmId).sizes.powered(power !== 'off' && power !== 'crashed');
    this.volumes.powered(vmId, power);
    this.reports.publishForHost(hostVmPowerChanged, this.hostId, {
      hostId: this.hostId,
      vm: { vmId, power, reason },
      sequence: ++this.sequence,
    });
  }

  /** What the host's look at the sizes of its VMs, and at their links, found. */
  sizesMeasured(): void {
    this.reports.publishForHost(hostVmsMeasured, this.hostId, {
      hostId: this.hostId,
      vms: [...this.vms].map(([vmId, { sizes }]) => ({ vmId, ...sizes.observed() })),
      sequence: ++this.sequence,
    });
    const links = [...this.vms].map(([vmId, { sizes }]) => ({ vmId, ...sizes.links.observed() }));
    const sequence = ++this.sequence;
    this.reports.publishForHost(hostPortLinksObserved, this.hostId, { hostId: this.hostId, vms: links, sequence });
  }

  /** What the host's look at the disks found. */
  disksChecked(): void {
    this.reports.publishForHost(hostDisksChecked, this.hostId, {
      hostId: this.hostId,
      problems: [...this.vms].flatMap(([vmId, { problem, disk, disksMade }]) => {
        const found = problem ?? (disk || disksMade === 0 ? null : MISSING);
        return found === null ? [] : [{ vmId, ...found }];
      }),
      sequence: ++this.sequence,
    });
  }

  vm(vmId: string): SimulatedVm {
    const existing = this.vms.get(vmId);
    if (existing !== undefined) return existing;
    const fresh: SimulatedVm = {
      power: null,
      reason: '',
      disk: false,
      problem: null,
      disksMade: 0,
      stuck: false,
      restartsAskedFor: [],
      hasRestarted: false,
      resets: [],
      port: false,
      filter: false,
      fence: 0,
      sizes: new SimulatedSizes(),
    };
    this.vms.set(vmId, fresh);
    return fresh;
  }

  private serve(server: RequestServer, isNew: boolean): void {
    const hostId = this.hostId;
    const on = <C extends RequestContract>(
      contract: C,
      handler: (data: RequestOf<C>) => Promise<ReplyInputOf<C>>,
    ): void => {
      server.serve(contract, handler, contract.owner === 'hypervisor-agent' ? hostId : undefined);
    };
    this.members.serve(on);
    this.ports.serve(on, this.command, this.hostId);
    this.volumes.serve(on, this.command);
    this.images.serve(on, (vmId) => this.vm(vmId), isNew);
    this.saves.serve(on, this.command);
    this.snapshots.serve(on, this.command);
    this.snapshots.clones.serve(on, this.command, (vmId) => this.vm(vmId));
    if (isNew) this.seeds.serve(on, this.command);
    if (isNew) this.chains.serve(on, this.imageId);
    if (isNew) this.tuning.serve(on, this.command, (vm, spec, hardware) => this.define(vm, spec, hardware));
    on(findDepartments, ({ departmentIds }) =>
      Promise.resolve({
        departments: departmentIds
          .filter((id) => this.departments.has(id))
          .map((departmentId) => ({ departmentId, name: 'D' })),
      }),
    );
    on(resolveSession, async ({ userId, sessionId }) => {
      await this.disturb('resolve-session', userId);
      return { actor: this.sessions.get(sessionId) ?? null };
    });
    on(inspectVm, async ({ vmId }) => {
      const { power, reason, disk } = this.vm(vmId);
      await this.disturb('inspect-vm', vmId);
      return { domain: power === null ? null : { power, reason }, disk: disk ? { capacityBytes: 1 } : null };
    });
    on(inspectDisk, ({ vmId }) => {
      const { disk, problem } = this.vm(vmId);
      if (problem !== null) return Promise.resolve({ status: 'UNUSABLE' as const, capacityBytes: null, problem });
      if (disk) return Promise.resolve({ status: 'SOUND' as const, capacityBytes: 1, problem: null });
      return Promise.resolve({ status: 'ABSENT' as const, capacityBytes: null, problem: MISSING });
    });
    on(ensureDisk, (request) =>
      this.command('ensure-disk', request, (vm) => {
        if (!vm.disk) vm.disksMade += 1;
        return { created: !vm.disk && (vm.disk = true) };
      }),
    );
    on(protectVm, (request) =>
      this.command('protect-vm', request, (vm) => {
        Object.assign(vm, { filter: true, filterOf: request.departmentId });
        return { filterName: `infinibay-vm-${request.vmId}`, revision: 1, status: 'APPLIED' as const };
      }),
    );
    on(defineVm, ({ fence, spec }) =>
      this.command('define-vm', { fence, vmId: spec.vmId }, (vm) => this.define(vm, spec)),
    );
    if (isNew)
      on(defineMachine, ({ fence, spec, hardware }) =>
        this.command('define-machine', { fence, vmId: spec.vmId }, (vm) => this.define(vm, spec, hardware)),
      );
    on(inspectSizes, async ({ vmId }) => {
      const observed = this.vm(vmId).sizes.observed();
      await this.disturb('inspect-sizes', vmId);
      return observed;
    });
    serveSizes(on, this.command);
    if (isNew) serveLinks(on, this.command, (vmId) => this.vm(vmId).sizes.links);
    on(startVm, (request) => {
      this.snapshots.requireStartable(request.vmId);
      return this.power('start-vm', request, 'running', this.saves.started(request.vmId));
    });
    on(resumeVm, (request) =>
      this.command('resume-vm', request, (vm) => {
        if (!vm.stuck) Object.assign(vm, { power: 'running', reason: 'unpaused' });
        return { power: vm.power ?? 'off' };
      }),
    );
    on(rebootVm, (request) =>
      this.command('reboot-vm', request, (vm) => {
        if (!vm.restartsAskedFor.includes(request.operationId)) {
          if (vm.power !== 'running') throw new DomainError('VM_BUSY', { power: vm.power });
          vm.restartsAskedFor.push(request.operationId);
          vm.hasRestarted = false;
        }
        return { power: vm.power ?? 'off', isRebooted: vm.hasRestarted };
      }),
    );
    on(suspendVm, (request) =>
      this.command('suspend-vm', request, (vm) => {
        if (vm.power === 'running') Object.assign(vm, { power: 'paused', reason: 'user' });
        else if (vm.power !== 'paused') throw new DomainError('VM_BUSY', { power: vm.power });
        return { power: vm.power };
      }),
    );
    on(resetVm, (request) =>
      this.command('reset-vm', request, (vm) => {
        if (!vm.resets.includes(request.operationId)) {
          if (vm.power !== 'running' && vm.power !== 'paused') throw new DomainError('VM_BUSY', { power: vm.power });
          vm.resets.push(request.operationId);
        }
        return { power: vm.power ?? 'off' };
      }),
    );
    on(forceOffVm, (request) => this.power('force-off-vm', request, 'off', 'destroyed'));
    on(shutdownVm, (request) => this.power('shutdown-vm', request, 'shutting-down', 'unknown'));
    on(undefineVm, (request) =>
      this.command('undefine-vm', request, (vm) => {
        this.volumes.defined(request.vmId);
        this.snapshots.gone(request.vmId);
        this.saves.kept.delete(request.vmId);
        this.seeds.defined(request.vmId);
        vm.power = null;
        vm.sizes.definition = null;
        return { removed: true };
      }),
    );
    on(removeDisk, (request) => this.command('remove-disk', request, (vm) => ({ removed: !(vm.disk = false) })));
    on(unprotectVm, (request) =>
      this.command('unprotect-vm', request, (vm) => {
        vm.filter = false;
        return {};
      }),
    );
  }

  private define(vm: SimulatedVm, spec: VmSpec, hardware?: VmHardware): Record<string, never> {
    this.volumes.defined(spec.vmId);
    this.seeds.defined(spec.vmId);
    this.tuning.made.delete(spec.vmId);
    vm.power ??= 'off';
    Object.assign(vm, { name: spec.name, network: spec.nics[0]?.networkId, hardware });
    vm.sizes.define(spec);
    return {};
  }

  private power(
    name: string,
    request: { vmId: string; fence: number },
    power: DomainPower,
    reason: string,
  ): Promise<{ power: DomainPower }> {
    return this.command(name, request, (vm) => {
      Object.assign(vm, { power, reason });
      vm.sizes.powered(power !== 'off');
      this.volumes.powered(request.vmId, power);
      this.seeds.cdroms.powered(request.vmId, power);
      return { power };
    });
  }

  private readonly command = async <T>(
    name: string,
    { vmId, fence }: { vmId: string; fence: number },
    act: (vm: SimulatedVm) => T,
  ): Promise<T> => {
    const vm = this.vm(vmId);
    if (fence < vm.fence) throw new DomainError('STALE_FENCE', { vmId });
    vm.fence = fence;
    await this.disturb(name, vmId);
    this.calls.push(name);
    return act(vm);
  };
}
