import { randomUUID } from 'node:crypto';
import {
  DEFAULT_POOL,
  DomainError,
  abortMigration,
  endMigration,
  finishMigration,
  forceOffVm,
  inspectDisk,
  inspectMigration,
  inspectMigrationWithVolumes,
  inspectPortLinks,
  inspectSavedMemory,
  inspectSizes,
  inspectVm,
  migrateVm,
  migrateVmWithVolumes,
  prepareMigration,
  prepareMigrationWithVolumes,
  prepareVmFilter,
  prepareVmNetwork,
  releaseVmFilter,
  removeDisk,
  undefineVm,
  type DomainPower,
  type ErrorCode,
  type MigrationSource,
  type MigrationTarget,
  type ReplyInputOf,
  type RequestContract,
  type RequestOf,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { RequestServer, connectToNats } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { testNats } from '@infinibay/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { FurtherHosts } from './further-hosts.js';
import type { Neighbours } from './neighbours.js';

/** What the other host has of a VM. */
interface Arrived {
  power: DomainPower | null;
  disk: boolean;
}

const SOURCE: MigrationSource = {
  storageId: randomUUID(),
  virtType: 'kvm',
  disk: { imageId: randomUUID(), imageSha256: 'a'.repeat(64), isLinked: true, capacityBytes: 1, usedBytes: 1 },
  hasSeed: false,
};
const TARGET: MigrationTarget = {
  storageId: randomUUID(),
  libvirtUri: 'qemu+tls://other/system',
  memoryUri: null,
  disksUri: null,
  diskPath: '/disk',
  agentSocketPath: '/agent',
  screenSocketPath: '/screen',
  consoleLogPath: null,
  seedPath: null,
};

const VOLUME = { poolName: DEFAULT_POOL, storageId: randomUUID(), capacityBytes: 1_073_741_824, usedBytes: 196_608 };
const VOLUME_THERE = { poolName: 'fast', storageId: randomUUID(), path: '/fast/volume.qcow2' };

/** A second host beside the one of a bench, and what both do when a VM goes from one to the other. */
export class SimulatedMigrations {
  readonly hostId = randomUUID();
  readonly there = new Map<string, Arrived>();
  /** What was asked for, in order, with the host where there may be either. */
  readonly calls: string[] = [];
  /** VMs of which both hosts have let a guest run. */
  readonly ranTwice: string[] = [];
  /** How often moving is answered to be under way. */
  looksUntilLeft = 0;
  /** What moving is refused with. */
  refusal: ErrorCode | null = null;
  /** VMs that are taken away from where they were, and nobody sees where to. */
  readonly vanish = new Set<string>();
  /** Awaited at the start of each command: throw here to disturb it. */
  disturb: (call: string, vmId: string) => Promise<void> | void = () => undefined;
  private readonly left = new Set<string>();

  private constructor(
    private readonly neighbours: Neighbours,
    private readonly connection: NatsConnection,
    private readonly hosts: FurtherHosts,
  ) {
    // The smaller one: VMs are made on the host of the bench.
    hosts.add({ hostId: this.hostId, memoryMib: 4_096 });
  }

  static async start(neighbours: Neighbours): Promise<SimulatedMigrations> {
    const logger = createLogger({ service: 'second-host', level: 'error', format: 'json' });
    const connection = await connectToNats({ ...testNats(), service: 'second-host' }, logger);
    const durations = new MetricsRegistry('second-host').histogram('seconds', 'seconds', ['name', 'outcome']);
    const hosts = await FurtherHosts.start(neighbours.imageId);
    const started = new SimulatedMigrations(neighbours, connection, hosts);
    started.serve(new RequestServer(connection, 'second-host', logger, durations));
    return started;
  }

  /** Whether the second host is heard. */
  silence(isSilent: boolean): void {
    this.hosts.areSilent = isSilent;
  }

  async stop(): Promise<void> {
    await this.hosts.stop();
    await this.connection.close();
  }

  /** What either host has of a VM: [the power here, the disk here, the power there, the disk there]. */
  of(vmId: string): readonly [DomainPower | null, boolean, DomainPower | null, boolean] {
    const { power, disk } = this.neighbours.vm(vmId);
    const { power: powerThere, disk: diskThere } = this.arrived(vmId);
    return [power, disk, powerThere, diskThere];
  }

  private arrived(vmId: string): Arrived {
    const known = this.there.get(vmId) ?? { power: null, disk: false };
    this.there.set(vmId, known);
    return known;
  }

  private serve(server: RequestServer): void {
    const at =
      (hostId: string | undefined, place: string) =>
      <C extends RequestContract>(contract: C, act: (data: RequestOf<C>) => ReplyInputOf<C>): void => {
        const answer = async (data: RequestOf<C>): Promise<ReplyInputOf<C>> => {
          const call = `${contract.name.split('.').at(-1) ?? ''}${place}`;
          await this.disturb(call, (data as { vmId: string }).vmId);
          if (contract.type === 'command') this.calls.push(call);
          return act(data);
        };
        server.serve(contract, answer, hostId);
      };
    this.serveServices(at(undefined, ''));
    this.serveSource(at(this.neighbours.hostId, '@source'));
    this.serveTarget(at(this.hostId, '@target'));
  }

  private serveServices(on: Serve): void {
    on(prepareVmNetwork, () => ({}));
    on(prepareVmFilter, ({ vmId }) => ({ filterName: `infinibay-vm-${vmId}`, status: 'APPLIED' as const }));
    on(releaseVmFilter, () => ({}));
  }

  private serveSource(on: Serve): void {
    on(inspectMigration, ({ vmId }) => {
      if (this.attachedTo(vmId).length > 0) throw new DomainError('VM_NOT_MIGRATABLE', { reason: 'VOLUMES' });
      return SOURCE;
    });
    on(inspectMigrationWithVolumes, ({ vmId }) => ({
      ...SOURCE,
      volumes: this.attachedTo(vmId).map((volumeId) => ({ ...VOLUME, volumeId })),
    }));
    const migrate = ({ vmId }: { readonly vmId: string }): ReplyInputOf<typeof migrateVm> => {
      if (this.left.has(vmId)) return { departure: 'LEFT', progressPercent: 100 };
      if (this.refusal !== null) throw new DomainError(this.refusal);
      if (this.looksUntilLeft > 0) {
        this.looksUntilLeft -= 1;
        return { departure: 'UNDER_WAY', progressPercent: 50 };
      }
      this.leave(vmId);
      return { departure: this.left.has(vmId) ? 'LEFT' : 'GONE', progressPercent: 100 };
    };
    on(migrateVm, migrate);
    on(migrateVmWithVolumes, migrate);
    on(abortMigration, ({ vmId }) => ({ departure: this.left.has(vmId) ? ('LEFT' as const) : this.whereLeft(vmId) }));
    on(endMigration, ({ vmId }) => {
      const vm = this.neighbours.vm(vmId);
      if (vm.power === 'running') throw new DomainError('VM_BUSY');
      Object.assign(vm, { power: null, disk: false });
      return { removed: true };
    });
  }

  /** By the definition that the host has. */
  private attachedTo(vmId: string): string[] {
    return this.neighbours.volumes.at(vmId, 'definition').map((place) => place.split('/')[0] ?? '');
  }

  private whereLeft(vmId: string): 'GONE' | 'STAYED' {
    return this.neighbours.vm(vmId).power === null ? 'GONE' : 'STAYED';
  }

  /** It has left, though nobody has asked since: libvirt goes on by itself. */
  leave(vmId: string): void {
    this.neighbours.vm(vmId).power = null;
    if (this.vanish.has(vmId)) return;
    this.left.add(vmId);
    this.arrived(vmId).power = 'paused';
  }

  private serveTarget(on: Serve): void {
    on(prepareMigration, ({ vmId }) => {
      this.arrived(vmId).disk = true;
      return TARGET;
    });
    on(prepareMigrationWithVolumes, ({ vmId, source }) => {
      this.arrived(vmId).disk = true;
      return { ...TARGET, volumes: source.volumes.map(({ volumeId }) => ({ ...VOLUME_THERE, volumeId })) };
    });
    on(finishMigration, ({ vmId, isOn }) => {
      const vm = this.arrived(vmId);
      vm.power = isOn ? 'running' : 'off';
      if (isOn && this.neighbours.vm(vmId).power === 'running') this.ranTwice.push(vmId);
      return { power: vm.power };
    });
    on(endMigration, ({ vmId }) => {
      Object.assign(this.arrived(vmId), { power: null, disk: false });
      return { removed: true };
    });
    on(inspectVm, ({ vmId }) => {
      const { power, disk } = this.arrived(vmId);
      return { domain: power === null ? null : { power, reason: '' }, disk: disk ? { capacityBytes: 1 } : null };
    });
    on(inspectDisk, () => ({ status: 'SOUND' as const, capacityBytes: 1, problem: null }));
    on(inspectSizes, ({ vmId }) => this.neighbours.vm(vmId).sizes.observed());
    on(inspectPortLinks, ({ vmId }) => this.neighbours.vm(vmId).sizes.links.observed());
    on(inspectSavedMemory, () => ({ isSaved: false }));
    on(forceOffVm, ({ vmId }) => ({ power: (this.arrived(vmId).power = 'off' as const) }));
    on(undefineVm, ({ vmId }) => {
      this.arrived(vmId).power = null;
      return { removed: true };
    });
    on(removeDisk, ({ vmId }) => {
      this.arrived(vmId).disk = false;
      return { removed: true };
    });
  }
}

type Serve = <C extends RequestContract>(contract: C, act: (data: RequestOf<C>) => ReplyInputOf<C>) => void;
