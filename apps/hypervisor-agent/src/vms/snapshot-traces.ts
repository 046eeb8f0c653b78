import { Injectable } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { DomainDisks } from './domain-disks.js';
import { RevertRecords } from './revert-records.js';
import { SnapshotFiles } from './snapshot-files.js';

/** What snapshots of a VM leave behind when it goes, beside its disk and its domain. */
@Injectable()
export class SnapshotTraces {
  constructor(
    private readonly disks: DomainDisks,
    private readonly files: SnapshotFiles,
    private readonly reverts: RevertRecords,
  ) {}

  /** Of a VM that is off: volumes may stay, and what they hold of its snapshots is of use to nobody. */
  async removeFromVolumes(vmId: string, deadline: Deadline): Promise<void> {
    await this.files.removeAll(await this.disks.volumeFilesOf(vmId, deadline), deadline);
  }

  forget(vmId: string): Promise<void> {
    return this.reverts.forget(vmId);
  }
}
