import { stat } from 'node:fs/promises';
import { DomainError, type MigratedVolume, type MigrationRefusal, type SourceWithVolumes } from '@infinibay/contracts';
import { cdromFilesOf, disksOf, virtTypeOf, hasHostDevices, hasTpm, hasVariables } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { holdsSnapshots } from '../disks/disk-files.js';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { SeedService } from '../seeds/seed.service.js';
import { VolumeTransfers } from '../volumes/volume-transfers.js';
import type { Deadline } from '../work/deadline.js';

/** `st_blocks` counts in these, whatever the file system's own blocks are. */
const BLOCK_BYTES = 512;

export const notMigratable = (vmId: string, reason: MigrationRefusal): DomainError =>
  new DomainError('VM_NOT_MIGRATABLE', { vmId, reason });

/** What this host knows of a VM that shall leave it, and what keeps it here. Changes nothing. */
@Injectable()
export class MigrationFacts {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly disks: DiskService,
    private readonly seeds: SeedService,
    private readonly volumes: VolumeTransfers,
  ) {}

  /** @throws DomainError VM_NOT_FOUND, VM_NOT_MIGRATABLE, VM_MEMORY_SAVED, and the problems of disks */
  async of(vmId: string, deadline: Deadline): Promise<SourceWithVolumes> {
    const domain = await this.domains.get(vmId, deadline);
    await this.domains.requireNoSavedMemory(vmId, deadline);
    const read = () => domain.xmlDesc({ inactive: true, timeoutMs: deadline.timeoutMs() });
    const definition = await this.hypervisor.use('read-domain', read);
    const virtType = virtTypeOf(definition);
    if (virtType !== 'kvm' && virtType !== 'qemu') throw notMigratable(vmId, 'DRIVER');
    if (hasHostDevices(definition)) throw notMigratable(vmId, 'DEVICES');
    const files = filesIn(definition);
    const [own, seed] = [this.disks.pathOf(vmId), this.seeds.pathOf(vmId)];
    if (cdromFilesOf(definition).some((file) => file !== seed)) throw notMigratable(vmId, 'CDROM');
    const isInUse = !isOff(await this.domains.power(domain, deadline));
    const storageId = await this.disks.storageId();
    const disk = await this.diskOf(vmId, isInUse);
    const isVolume = (file: string): boolean => file !== own && file !== seed;
    const attached = isInUse ? filesIn(await this.domains.xmlOf(vmId, false, deadline)) : files;
    if (!haveSame(attached.filter(isVolume), files.filter(isVolume))) throw notMigratable(vmId, 'VOLUMES');
    const volumes: MigratedVolume[] = [];
    for (const file of files.filter(isVolume)) volumes.push(await this.volumes.leaving(vmId, file));
    return { storageId, virtType, disk, hasSeed: files.includes(seed), volumes };
  }

  /** As whoever knows of nothing but disks has to be told. @throws DomainError VM_NOT_MIGRATABLE */
  async requireNoFirmwareState(vmId: string, deadline: Deadline): Promise<void> {
    for (const inactive of [false, true]) {
      const xml = await this.domains.xmlOf(vmId, inactive, deadline);
      if (hasVariables(xml) || hasTpm(xml)) throw notMigratable(vmId, 'FIRMWARE_STATE');
    }
  }

  private async diskOf(vmId: string, isInUse: boolean): Promise<SourceWithVolumes['disk']> {
    const finding = await this.disks.inspect(vmId, isInUse);
    if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
    const header = await this.disks.headerOf(vmId);
    if (header?.identity === undefined) throw new DomainError('DISK_REPLACED', { vmId });
    const path = this.disks.pathOf(vmId);
    if (await holdsSnapshots(path)) throw notMigratable(vmId, 'SNAPSHOTS');
    const { imageId, imageSha256 } = header.identity;
    const { capacityBytes, backingFile } = header;
    const usedBytes = (await stat(path)).blocks * BLOCK_BYTES;
    return { imageId, imageSha256, isLinked: backingFile !== undefined, capacityBytes, usedBytes };
  }
}

const filesIn = (domainXml: string): string[] =>
  disksOf(domainXml).flatMap(({ file }) => (file === undefined ? [] : [file]));

/** A guest may have let go of what it is still defined with: libvirt would copy only what it has. */
const haveSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));
