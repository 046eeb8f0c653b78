import type { MigrationTarget } from '@infinibay/contracts';
import type { Domain, JobStats, MigrateOptions } from '@infinibay/libvirt';
import { disksOf, movedDomainXml } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { SeedService } from '../seeds/seed.service.js';
import type { Deadline } from '../work/deadline.js';
import { notMigratable } from './migration-facts.js';
import { MigrationPlaces } from './migration-places.js';

/** The disk that is copied; the seed's drive is only read from. */
const COPIED = 'vda';
const ALL_PERCENT = 100;

/** What libvirt is asked of a domain that leaves. */
@Injectable()
export class DepartingDomain {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly disks: DiskService,
    private readonly seeds: SeedService,
    private readonly places: MigrationPlaces,
  ) {}

  /** @throws DomainError STORAGE_UNAVAILABLE */
  async isShared({ storageId }: Pick<MigrationTarget, 'storageId'>): Promise<boolean> {
    return (await this.disks.storageId()) === storageId;
  }

  /**
   * As `isShared`, before anything is done. Two storages with one mark are one that was copied: a guest would go on there on
   * a disk of another time.
   * @throws DomainError STORAGE_UNAVAILABLE, VM_NOT_MIGRATABLE
   */
  async requireTrulyShared(vmId: string, migrationId: string, target: MigrationTarget): Promise<boolean> {
    const isShared = await this.isShared(target);
    if (isShared && !(await this.disks.isAnnounced(migrationId))) throw notMigratable(vmId, 'DISK');
    return isShared;
  }

  /** @throws DomainError VM_NOT_MIGRATABLE when something of it has no place there */
  async optionsFor(domain: Domain, target: MigrationTarget, deadline: Deadline): Promise<MigrateOptions> {
    const isShared = await this.isShared(target);
    const [running, definition] = [
      await this.moved(domain, target, false, deadline),
      await this.moved(domain, target, true, deadline),
    ];
    const { memoryUri, disksUri } = target;
    return {
      live: true,
      // The daemons do it: nobody else is needed meanwhile.
      peerToPeer: true,
      // It runs in one place at a time, whatever becomes of the link between the two.
      paused: true,
      persistDest: true,
      undefineSource: true,
      abortOnError: true,
      autoConverge: true,
      tls: this.places.isEncrypted,
      copyDiskDifferences: !isShared,
      // It is the same storage: what QEMU has not written yet is written before the other one reads.
      allowUnsafe: isShared,
      parameters: {
        destination_xml: running,
        persistent_xml: definition,
        ...(isShared ? {} : { migrate_disks: [COPIED] }),
        ...(memoryUri === null ? {} : { migrate_uri: memoryUri }),
        ...(disksUri === null || isShared ? {} : { disks_uri: disksUri }),
      },
    };
  }

  /** libvirt is at moving it, or at something else as long: nothing else may be done to it then. */
  async isUnderWay(domain: Domain, deadline: Deadline): Promise<boolean> {
    const job = await this.job(domain, deadline);
    return job !== undefined && job.kind !== 'none';
  }

  /** How much of memory and disks is copied; less than all as long as it is asked. */
  async progress(domain: Domain, deadline: Deadline): Promise<number> {
    const job = await this.job(domain, deadline);
    if (job === undefined) return ALL_PERCENT - 1;
    const { parameters } = job;
    const sum = (what: string): number =>
      ['memory', 'disk'].reduce((all, of) => all + Number(parameters[`${of}_${what}`] ?? 0), 0);
    const total = sum('total');
    // What changes while it is copied is copied once more: the sum may be more than all.
    return total <= 0 ? 0 : Math.min(ALL_PERCENT - 1, Math.floor((ALL_PERCENT * (total - sum('remaining'))) / total));
  }

  /** undefined: it does not run, or is not here any more. */
  private async job(domain: Domain, deadline: Deadline): Promise<JobStats | undefined> {
    try {
      return await this.hypervisor.use('read-job', () => domain.jobStats({ timeoutMs: deadline.timeoutMs() }));
    } catch (error) {
      const code = libvirtCodeOf(error);
      if (code === 'OPERATION_INVALID' || code === 'NO_DOMAIN') return undefined;
      throw error;
    }
  }

  private async moved(domain: Domain, target: MigrationTarget, inactive: boolean, deadline: Deadline): Promise<string> {
    const xml = await this.hypervisor.use('read-domain', () =>
      domain.xmlDesc({ inactive, migratable: true, secure: true, timeoutMs: deadline.timeoutMs() }),
    );
    const { uuid: vmId } = domain;
    const hasSeed = disksOf(xml).some(({ file }) => file === this.seeds.pathOf(vmId));
    const moved = movedDomainXml(xml, this.places.pathsOf(vmId, hasSeed), target);
    if (moved === undefined) throw notMigratable(vmId, 'PATHS');
    return moved;
  }
}
