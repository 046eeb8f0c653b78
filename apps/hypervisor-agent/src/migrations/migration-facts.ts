import { stat } from 'node:fs/promises';
import { DomainError, type MigrationRefusal, type MigrationSource } from '@infinibay/contracts';
import { cdromFilesOf, disksOf, virtTypeOf, hasHostDevices } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { openDiskFile } from '../disks/disk-files.js';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { readSnapshotTable } from '../disks/snapshot-table.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { SeedService } from '../seeds/seed.service.js';
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
  ) {}

  /** @throws DomainError VM_NOT_FOUND, VM_NOT_MIGRATABLE, VM_MEMORY_SAVED, and the problems of disks */
  async of(vmId: string, deadline: Deadline): Promise<MigrationSource> {
    const domain = await this.domains.get(vmId, deadline);
    await this.domains.requireNoSavedMemory(vmId, deadline);
    const read = () => domain.xmlDesc({ inactive: true, timeoutMs: deadline.timeoutMs() });
    const definition = await this.hypervisor.use('read-domain', read);
    const virtType = virtTypeOf(definition);
    if (virtType !== 'kvm' && virtType !== 'qemu') throw notMigratable(vmId, 'DRIVER');
    if (hasHostDevices(definition)) throw notMigratable(vmId, 'DEVICES');
    const files = disksOf(definition).flatMap(({ file }) => (file === undefined ? [] : [file]));
    const [own, seed] = [this.disks.pathOf(vmId), this.seeds.pathOf(vmId)];
    if (cdromFilesOf(definition).some((file) => file !== seed)) throw notMigratable(vmId, 'CDROM');
    if (files.some((file) => file !== own && file !== seed)) throw notMigratable(vmId, 'VOLUMES');
    const isInUse = !isOff(await this.domains.power(domain, deadline));
    const storageId = await this.disks.storageId();
    return { storageId, virtType, disk: await this.diskOf(vmId, isInUse), hasSeed: files.includes(seed) };
  }

  private async diskOf(vmId: string, isInUse: boolean): Promise<MigrationSource['disk']> {
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

/** One whose table can't be read is not said to hold none. */
const holdsSnapshots = async (path: string): Promise<boolean> => {
  const file = await openDiskFile(path);
  try {
    return (await readSnapshotTable(file))?.length !== 0;
  } finally {
    await file.close();
  }
};
