import type { Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { SnapshotJournal } from '../snapshots/snapshot.journal.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import type { Reading } from './reading.js';

/** The volumes and snapshots of a VM, as its worker looks at them. */
@Injectable()
export class VmParts {
  constructor(
    private readonly volumes: VolumeRepository,
    private readonly snapshots: SnapshotJournal,
  ) {}

  async ofVm(vmId: string): Promise<Pick<Reading, 'volumes' | 'snapshots'>> {
    const [volumes, snapshots] = [await this.volumes.ofVm(vmId), await this.snapshots.ofVm(vmId)];
    return { volumes, snapshots };
  }

  /** Its volumes are not as they shall be, or it has snapshots that shall be gone. */
  async areUnfinished(tx: Transaction, vmId: string): Promise<boolean> {
    if ((await this.volumes.ofVm(vmId, tx)).some(({ attachment }) => attachment !== 'ATTACHED')) return true;
    return this.snapshots.hasUnwanted(tx, vmId);
  }

  /** What was asked of a volume or a snapshot did not come about. */
  async takeBack(tx: Transaction, vmId: string, { volumeId, snapshotId }: Parameters): Promise<void> {
    if (volumeId !== undefined) await this.volumes.takeBack(tx, vmId, volumeId);
    if (snapshotId !== undefined) await this.snapshots.takeBack(tx, vmId, snapshotId);
  }
}
