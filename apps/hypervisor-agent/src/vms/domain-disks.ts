import { dirname, join } from 'node:path';
import { DomainError, type VmHardware } from '@infinibay/contracts';
import { diskFilesOf, variablesFileName } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { SeedService } from '../seeds/seed.service.js';
import { VolumePivots } from '../volumes/volume-pivots.js';
import { VolumeService } from '../volumes/volume.service.js';
import type { Deadline } from '../work/deadline.js';
import { CdromMedia } from './cdrom-media.js';

/** The files that a VM may run on: its disk, volumes of ours, what cloud-init reads in it, and a CD-ROM. */
@Injectable()
export class DomainDisks {
  constructor(
    private readonly domains: DomainRepository,
    private readonly disks: DiskService,
    private readonly volumes: VolumeService,
    private readonly seeds: SeedService,
    private readonly pivots: VolumePivots,
    private readonly media: CdromMedia,
  ) {}

  /** Before its definition is written anew or forgotten: it tells which file of a volume that is moved is the volume. */
  settleMoves(vmId: string, deadline: Deadline): Promise<void> {
    return this.pivots.settleOf(vmId, deadline);
  }

  /** Of the VM's own disk. */
  pathOf(vmId: string): string {
    return this.disks.pathOf(vmId);
  }

  /** Of the variables of its firmware, beside its disk, with which they go; undefined: it keeps none. */
  variablesOf(vmId: string, hardware: VmHardware | undefined): string | undefined {
    if (hardware === undefined || hardware.firmware === 'BIOS') return undefined;
    return join(dirname(this.pathOf(vmId)), variablesFileName(vmId, hardware.firmware));
  }

  /**
   * Right before a start: somebody may have defined the domain anew, on other files. Where memory is saved, the machine
   * that was saved is what will run, on the files that it had then.
   * @returns which file its own disk was
   * @throws DomainError VM_BUSY while its disk is copied, VM_MEMORY_SAVED when volumes came or went since, DISK_REPLACED and the other problems of disks, VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, SEED_REPLACED
   */
  async requireSound(vmId: string, deadline: Deadline): Promise<string> {
    this.disks.requireNotCopied(vmId);
    const own = this.disks.pathOf(vmId);
    const defined = await this.domains.diskFiles(vmId, deadline);
    const saved = await this.savedMachine(vmId, deadline);
    const media = await this.media.soundOf(vmId, deadline);
    const files = defined.filter((file) => file !== this.seeds.pathOf(vmId) && !media.includes(file));
    const others = files.filter((file) => file !== own);
    const volumeIds = others.map((file) => this.volumes.idAt(file)).filter((id) => id !== undefined);
    if (files.length !== others.length + 1 || volumeIds.length !== others.length) {
      const message = 'The domain of the virtual machine is defined with another disk than the one made for it';
      throw new DomainError('DISK_REPLACED', { vmId }, { message });
    }
    if (saved !== undefined && !(this.areExactly(vmId, volumeIds, saved) && (await this.media.areSound(saved))))
      throw new DomainError('VM_MEMORY_SAVED', { vmId });
    for (const volumeId of volumeIds) await this.volumes.requireSound(volumeId, false);
    // First, for what it says of a storage that is away.
    await this.disks.requireSound(vmId);
    await this.settleSeed(vmId, defined, diskFilesOf(saved ?? ''));
    // Last, so that as little time as possible passes until QEMU opens the file.
    return this.disks.requireSound(vmId);
  }

  /** One that it had before, and neither it nor its saved memory has any more, may hold a secret. */
  private async settleSeed(vmId: string, defined: readonly string[], saved: readonly string[]): Promise<void> {
    const isWanted = this.haveSeed(vmId, defined) || this.haveSeed(vmId, saved);
    await (isWanted ? this.seeds.requireSound(vmId) : this.seeds.remove(vmId));
  }

  /** The machine whose memory is saved; undefined when none is, or the driver does not tell. */
  private async savedMachine(vmId: string, deadline: Deadline): Promise<string | undefined> {
    return (await this.domains.savedMachine(vmId, deadline)) ?? undefined;
  }

  /** Files of volumes of ours that its domain is defined with. */
  async volumeFilesOf(vmId: string, deadline: Deadline): Promise<string[]> {
    const files = await this.domains.diskFiles(vmId, deadline);
    return files.filter((file) => this.volumes.idAt(file) !== undefined);
  }

  /**
   * That the VM has its own disk and these volumes, and no other: in its definition, and what runs too.
   * @returns whether it is defined with a seed for cloud-init, which is no disk of its own
   * @throws DomainError SNAPSHOT_DISKS_DIFFER
   */
  async requireExactly(vmId: string, volumeIds: readonly string[], deadline: Deadline): Promise<boolean> {
    const defined = await this.domains.xmlOf(vmId, true, deadline);
    const runs = await this.domains.xmlOf(vmId, false, deadline);
    for (const xml of [defined, runs])
      if (!this.areExactly(vmId, volumeIds, xml)) throw new DomainError('SNAPSHOT_DISKS_DIFFER', { vmId });
    return this.haveSeed(vmId, diskFilesOf(defined));
  }

  /** Whether a domain has the VM's own disk and these volumes, and nothing else but its seed and an image in its drive. */
  areExactly(vmId: string, volumeIds: readonly string[], domainXml: string): boolean {
    const expected = [this.disks.pathOf(vmId), ...volumeIds.map((id) => this.volumes.pathOf(id))];
    const others = [this.seeds.pathOf(vmId), ...this.media.imagesIn(domainXml)];
    const found = diskFilesOf(domainXml).filter((file) => !others.includes(file));
    return found.length === expected.length && expected.every((file) => found.includes(file));
  }

  /** @throws DomainError SNAPSHOT_DISKS_DIFFER: a revert writes no seed anew */
  async requireSeed(vmId: string): Promise<void> {
    try {
      await this.seeds.requireSound(vmId);
    } catch (error) {
      throw new DomainError('SNAPSHOT_DISKS_DIFFER', { vmId, reason: 'the seed of cloud-init' }, { cause: error });
    }
  }

  /** What a guest that is brought back has in its drive. @throws DomainError SNAPSHOT_DISKS_DIFFER */
  async requireMedia(vmId: string, domainXml: string): Promise<void> {
    if (await this.media.areSound(domainXml)) return;
    throw new DomainError('SNAPSHOT_DISKS_DIFFER', { vmId, reason: 'the CD-ROM' });
  }

  /** Whether a seed is among the files of a domain of the VM. */
  haveSeed(vmId: string, files: readonly string[]): boolean {
    return files.includes(this.seeds.pathOf(vmId));
  }

  /** Whether the file in the place of its own disk is still the one that was looked at. */
  isStill(vmId: string, file: string): Promise<boolean> {
    return this.disks.isStill(vmId, file);
  }
}
