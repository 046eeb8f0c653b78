import { Injectable } from '@nestjs/common';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { MigrationRecords, type MigrationRecord } from '../vms/migration-records.js';
import { VolumeTransfers } from '../volumes/volume-transfers.js';
import type { Deadline } from '../work/deadline.js';

/** The disk and the volumes of a VM at the end of a migration, on the host that has it and on the one that has not. */
@Injectable()
export class MigratedStorage {
  constructor(
    private readonly disks: DiskService,
    private readonly volumes: VolumeTransfers,
    private readonly records: MigrationRecords,
  ) {}

  /** They belong to this host. @param isOn a guest runs on them @throws DomainError the problems of disks and volumes */
  async adopt(vmId: string, { migrationId, volumes }: MigrationRecord, isOn: boolean): Promise<void> {
    // What shall be off, or gone, asks nothing of a disk that may be in no state to be used.
    if (isOn) await this.requireSound(vmId);
    for (const volume of volumes) await this.volumes.adopt(migrationId, volume);
    await this.disks.adopt(vmId);
  }

  /** Where it came from it is removed next. @throws DomainError STORAGE_UNAVAILABLE */
  settle(vmId: string): Promise<void> {
    return this.disks.syncVariables(vmId);
  }

  /** Nobody looks any more for what was announced. */
  renounce(migrationId: string): Promise<void> {
    return this.disks.renounce(migrationId);
  }

  /**
   * They belong to the other host; what both have stays. Each volume that is done with is no more of the migration: it may
   * come back with another VM.
   * @param otherStorageId of the disks there; null: it never told
   * @throws DomainError STORAGE_UNAVAILABLE, VM_BUSY
   */
  async leave(vmId: string, record: MigrationRecord, otherStorageId: string | null, deadline: Deadline): Promise<void> {
    // The file is the other host's disk. Looked at once more: it would be the only one.
    const isElsewhereToo = record.isShared || otherStorageId === (await this.disks.storageId());
    if (isElsewhereToo) await this.disks.leave(vmId);
    // With the seed beside it.
    else await this.disks.remove(vmId, deadline);
    for (const [done, volume] of record.volumes.entries()) {
      await this.volumes.leave(record.migrationId, volume, deadline);
      await this.records.keep(vmId, { ...record, volumes: record.volumes.slice(done + 1) });
    }
  }

  private async requireSound(vmId: string): Promise<void> {
    const finding = await this.disks.inspect(vmId, true);
    if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
  }
}
