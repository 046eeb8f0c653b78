import type { Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { MigrationJournal } from '../migrations/migration.journal.js';
import { SnapshotJournal } from '../snapshots/snapshot.journal.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import type { Reading } from './reading.js';

/** The volumes and snapshots of a VM, and its way to another host, as its worker looks at them. */
@Injectable()
export class VmParts {
  constructor(
    private readonly volumes: VolumeRepository,
    private readonly snapshots: SnapshotJournal,
    private readonly migrations: MigrationJournal,
  ) {}

  async ofVm(vmId: string): Promise<Pick<Reading, 'volumes' | 'snapshots' | 'migration'>> {
    const [volumes, snapshots] = [await this.volumes.ofVm(vmId), await this.snapshots.ofVm(vmId)];
    return { volumes, snapshots, migration: await this.migrations.ofVm(vmId) };
  }

  /** Its volumes are not as they shall be, it has snapshots that shall be gone, or a host is not clean of it. */
  async areUnfinished(tx: Transaction, vmId: string): Promise<boolean> {
    if ((await this.volumes.ofVm(vmId, tx)).some(({ attachment }) => attachment !== 'ATTACHED')) return true;
    if ((await this.migrations.ofVm(vmId, tx)) !== null) return true;
    return this.snapshots.hasUnwanted(tx, vmId);
  }

  /** What was asked of a volume or a snapshot did not come about. */
  async takeBack(tx: Transaction, vmId: string, { volumeId, snapshotId }: Parameters): Promise<void> {
    if (volumeId !== undefined) await this.volumes.takeBack(tx, vmId, volumeId);
    if (snapshotId !== undefined) await this.snapshots.takeBack(tx, vmId, snapshotId);
  }
}
