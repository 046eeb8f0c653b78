import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { MigrationJournal } from '../migrations/migration.journal.js';
import type { OpenOperation } from '../operations/operation.repository.js';
import { SnapshotJournal } from '../snapshots/snapshot.journal.js';
import { VmPortJournal } from '../vms/vm-port.journal.js';
import { VmPortRepository } from '../vms/vm-port.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import type { Reading } from './reading.js';

/** The volumes, ports and snapshots of a VM, its image, and its way to another host, as its worker looks at them. */
@Injectable()
export class VmParts {
  constructor(
    private readonly volumes: VolumeRepository,
    private readonly ports: VmPortRepository,
    private readonly portJournal: VmPortJournal,
    private readonly snapshots: SnapshotJournal,
    private readonly migrations: MigrationJournal,
    private readonly copies: ImageCopyRepository,
  ) {}

  /**
   * Whether its host lacks the image that its disk is still to be made of. A clone's is made of another disk. One whose
   * arrival is not recorded yet is missing: what comes after it is as old as that record.
   */
  async isImageMissing(
    { diskBuiltAt, cloneSourceId, desired, imageId, hostId }: Vm,
    open: OpenOperation | null,
  ): Promise<boolean> {
    if (diskBuiltAt !== null || cloneSourceId !== null || desired === 'DELETED') return false;
    return isBeingBrought(open) || this.copies.isMissing(imageId, hostId);
  }

  async ofVm(vmId: string): Promise<Pick<Reading, 'volumes' | 'ports' | 'snapshots' | 'migration'>> {
    const [volumes, ports] = [await this.volumes.ofVm(vmId), await this.ports.ofVm(vmId)];
    const [snapshots, migration] = [await this.snapshots.ofVm(vmId), await this.migrations.ofVm(vmId)];
    return { volumes, ports, snapshots, migration };
  }

  /** Its volumes or ports are not as they shall be, it has snapshots that shall be gone, or a host is not clean of it. */
  async areUnfinished(tx: Transaction, vmId: string): Promise<boolean> {
    if ((await this.volumes.ofVm(vmId, tx)).some(({ attachment }) => attachment !== 'ATTACHED')) return true;
    if ((await this.migrations.ofVm(vmId, tx)) !== null) return true;
    return (await this.ports.areUnfinished(tx, vmId)) || this.snapshots.hasUnwanted(tx, vmId);
  }

  /** What was asked of a volume, a port or a snapshot did not come about. */
  async takeBack(tx: Transaction, vmId: string, open: OpenOperation): Promise<void> {
    const { volumeId, snapshotId } = open.parameters;
    await this.portJournal.takeBack(tx, vmId, open);
    if (volumeId !== undefined) await this.volumes.takeBack(tx, vmId, volumeId);
    if (snapshotId !== undefined) await this.snapshots.takeBack(tx, vmId, snapshotId);
  }
}

const isBeingBrought = (open: OpenOperation | null): boolean =>
  open?.begun.includes('bring-image') === true && !open.done.includes('bring-image');
