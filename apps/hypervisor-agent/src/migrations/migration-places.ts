import { join } from 'node:path';
import type { MigrationTarget, RequestOf, prepareMigration } from '@infinibay/contracts';
import type { DomainPaths } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { DiskService } from '../disks/disk.service.js';
import { SeedService } from '../seeds/seed.service.js';
import { GuestFolders } from '../vms/guest-folders.js';
import type { Deadline } from '../work/deadline.js';
import { notMigratable } from './migration-facts.js';

const UNIX = 'unix://';

type Arriving = Pick<RequestOf<typeof prepareMigration>, 'vmId' | 'seed'>;

/** Where what belongs to a VM is on this host, and how other hosts send one here. */
@Injectable()
export class MigrationPlaces {
  constructor(
    private readonly disks: DiskService,
    private readonly seeds: SeedService,
    private readonly folders: GuestFolders,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  pathsOf(vmId: string, hasSeed: boolean): DomainPaths {
    return {
      diskPath: this.disks.pathOf(vmId),
      agentSocketPath: this.folders.agentSocket(vmId),
      screenSocketPath: this.folders.screenSocket(vmId),
      consoleLogPath: this.folders.consoleLog(vmId) ?? null,
      seedPath: hasSeed ? this.seeds.pathOf(vmId) : null,
    };
  }

  /** Makes the folders, and the seed, of a VM that comes here. */
  async make({ vmId, seed }: Arriving, deadline: Deadline): Promise<DomainPaths> {
    await this.folders.renew(vmId);
    if (seed === null) return this.pathsOf(vmId, false);
    const files = [
      { name: 'meta-data', content: seed.metaData },
      { name: 'user-data', content: seed.userData },
      { name: 'network-config', content: seed.networkConfig },
    ];
    await this.seeds.ensure(vmId, files, deadline);
    return this.pathsOf(vmId, true);
  }

  /** @throws DomainError VM_NOT_MIGRATABLE */
  addressesFor(vmId: string): Pick<MigrationTarget, 'libvirtUri' | 'memoryUri' | 'disksUri'> {
    const { MIGRATION_URI: libvirtUri, MIGRATION_DATA_URI: dataUri } = this.config;
    if (libvirtUri === undefined) throw notMigratable(vmId, 'NO_ADDRESS');
    if (dataUri === undefined) return { libvirtUri, memoryUri: null, disksUri: null };
    // By name libvirt takes a port for each; by a folder each is a socket of its own.
    if (!dataUri.startsWith(UNIX)) return { libvirtUri, memoryUri: dataUri, disksUri: null };
    const folder = dataUri.slice(UNIX.length);
    const socket = (kind: string): string => `${UNIX}${join(folder, `${kind}-${vmId}`)}`;
    return { libvirtUri, memoryUri: socket('m'), disksUri: socket('d') };
  }

  /** Whether who sends VMs away from here encrypts what it sends. */
  get isEncrypted(): boolean {
    return this.config.MIGRATION_TLS === 'true';
  }
}
