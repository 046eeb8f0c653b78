import type { RequestOf, TargetWithVolumes, migrateVmWithVolumes } from '@infinibay/contracts';
import type { Domain, JobStats, MigrateOptions } from '@infinibay/libvirt';
import { disksOf, hasVariables, movedDomainXml } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { libvirtCodeOf } from '../hypervisor/libvirt-errors.js';
import { SeedService } from '../seeds/seed.service.js';
import type { MigrationRecord } from '../vms/migration-records.js';
import { VolumeTransfers, type TransferredVolume } from '../volumes/volume-transfers.js';
import type { Deadline } from '../work/deadline.js';
import { notMigratable } from './migration-facts.js';
import { MigrationPlaces } from './migration-places.js';

const ALL_PERCENT = 100;

/** What libvirt is asked of a domain that leaves. */
@Injectable()
export class DepartingDomain {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly disks: DiskService,
    private readonly seeds: SeedService,
    private readonly volumes: VolumeTransfers,
    private readonly places: MigrationPlaces,
  ) {}

  /** @throws DomainError STORAGE_UNAVAILABLE */
  async isShared({ storageId }: Pick<TargetWithVolumes, 'storageId'>): Promise<boolean> {
    return (await this.disks.storageId()) === storageId;
  }

  /**
   * As `isShared`, before anything is done. Two storages with one mark are one that was copied: a guest would go on there on
   * a disk of another time.
   * @throws DomainError STORAGE_UNAVAILABLE, VM_NOT_MIGRATABLE
   */
  async requireTrulyShared(vmId: string, migrationId: string, target: TargetWithVolumes): Promise<boolean> {
    const isShared = await this.isShared(target);
    if (isShared && !(await this.disks.isAnnounced(migrationId))) throw notMigratable(vmId, 'DISK');
    return isShared;
  }

  /**
   * Of one that is off. QEMU writes variables of UEFI that came along to their file when the guest runs on, which this one
   * would not: they would be as new.
   * @throws DomainError VM_NOT_MIGRATABLE
   */
  async requireNoVariables(domain: Domain, vmId: string, deadline: Deadline): Promise<void> {
    if (hasVariables(await this.definition(domain, true, deadline))) throw notMigratable(vmId, 'FIRMWARE_STATE');
  }

  /**
   * Those that its guest has or is to have, each with where it is to be, before anything is done.
   * @throws DomainError VM_NOT_MIGRATABLE when one has no place there, STORAGE_UNAVAILABLE
   */
  async volumesOf(
    domain: Domain,
    { vmId, migrationId, target }: RequestOf<typeof migrateVmWithVolumes>,
    deadline: Deadline,
  ): Promise<TransferredVolume[]> {
    const paths = new Set<string>();
    for (const inactive of [false, true])
      for (const path of this.volumePathsIn(await this.definition(domain, inactive, deadline), vmId)) paths.add(path);
    return this.volumes.matched({ vmId, migrationId }, [...paths], target.volumes);
  }

  /** @throws DomainError VM_NOT_MIGRATABLE when something of it has no place there */
  async optionsFor(
    domain: Domain,
    target: TargetWithVolumes,
    { isShared: isDiskShared, volumes }: MigrationRecord,
    deadline: Deadline,
  ): Promise<MigrateOptions> {
    const [running, definition] = [
      await this.definition(domain, false, deadline),
      await this.definition(domain, true, deadline),
    ];
    this.requireAttached(running, domain.uuid, volumes);
    const copied = this.copiedOf(running, domain.uuid, { isDiskShared, volumes });
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
      copyDiskDifferences: copied.length > 0,
      // On the same storage what QEMU has not written yet is written before the other one reads.
      allowUnsafe: isDiskShared || volumes.some(({ isShared }) => isShared),
      parameters: {
        destination_xml: this.moved(running, domain.uuid, target),
        persistent_xml: this.moved(definition, domain.uuid, target),
        ...(copied.length === 0 ? {} : { migrate_disks: copied }),
        ...(memoryUri === null ? {} : { migrate_uri: memoryUri }),
        ...(disksUri === null || copied.length === 0 ? {} : { disks_uri: disksUri }),
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

  private definition(domain: Domain, inactive: boolean, deadline: Deadline): Promise<string> {
    return this.hypervisor.use('read-domain', () =>
      domain.xmlDesc({ inactive, migratable: true, secure: true, timeoutMs: deadline.timeoutMs() }),
    );
  }

  /** What only the definition has is copied by nobody, and would be removed here all the same. */
  private requireAttached(running: string, vmId: string, volumes: readonly TransferredVolume[]): void {
    const attached = new Set(this.volumePathsIn(running, vmId).map((path) => this.volumes.idAt(path)));
    if (volumes.some(({ volumeId }) => !attached.has(volumeId))) throw notMigratable(vmId, 'VOLUMES');
  }

  /** Names of the disks that the other host has not; the seed's drive is only read from. */
  private copiedOf(
    xml: string,
    vmId: string,
    { isDiskShared, volumes }: { readonly isDiskShared: boolean; readonly volumes: readonly TransferredVolume[] },
  ): string[] {
    const copiedVolumes = new Set(volumes.flatMap(({ volumeId, isShared }) => (isShared ? [] : [volumeId])));
    const isCopied = (file: string): boolean =>
      file === this.disks.pathOf(vmId) ? !isDiskShared : copiedVolumes.has(this.volumes.idAt(file) ?? '');
    return disksOf(xml).flatMap(({ file, target }) => (file !== undefined && isCopied(file) ? [target] : []));
  }

  private volumePathsIn(xml: string, vmId: string): string[] {
    const own = [this.disks.pathOf(vmId), this.seeds.pathOf(vmId)];
    return disksOf(xml).flatMap(({ file }) => (file === undefined || own.includes(file) ? [] : [file]));
  }

  private moved(xml: string, vmId: string, target: TargetWithVolumes): string {
    const volumes = new Map<string, string>();
    for (const path of this.volumePathsIn(xml, vmId)) {
      const place = this.volumes.placeOf(path, target.volumes);
      if (place === undefined) throw notMigratable(vmId, 'VOLUMES');
      volumes.set(path, place.path);
    }
    const hasSeed = disksOf(xml).some(({ file }) => file === this.seeds.pathOf(vmId));
    const moved = movedDomainXml(xml, this.places.pathsOf(vmId, hasSeed), target, volumes);
    if (moved === undefined) throw notMigratable(vmId, 'PATHS');
    return moved;
  }
}
