import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { actionOf, freeTarget, type OperationKind, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow, Volume as VolumeRow } from '../generated/prisma/client.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';

const isAnotherWish = (kind: OperationKind): boolean => {
  const action = actionOf(kind);
  return 'wish' in action && action.wish.desired !== 'DELETED';
};

/** What an action on a VM means for volumes, within the transaction that accepts it and has the VM locked. */
@Injectable()
export class VolumeAttachment {
  constructor(
    private readonly volumes: VolumeRepository,
    private readonly snapshots: SnapshotRepository,
  ) {}

  /** @throws DomainError VOLUME_NOT_FOUND, VOLUME_BUSY, VOLUME_IN_USE, VOLUME_NOT_ATTACHED, VOLUME_IN_SNAPSHOT, VOLUME_ON_OTHER_HOST, VOLUME_LIMIT_REACHED */
  async accept(tx: Transaction, actor: Actor, vm: VmRow, kind: OperationKind, asked: Parameters): Promise<void> {
    if (kind === 'DELETE_VM' && asked.deleteVolumes === true) await this.volumes.condemnAll(tx, vm.id);
    // A deletion that failed and that somebody has thought better of.
    if (vm.desired === 'DELETED' && isAnotherWish(kind)) await this.volumes.spareAll(tx, vm.id);
    if (kind !== 'ATTACH_VOLUME' && kind !== 'DETACH_VOLUME') return;
    const volume = await this.lock(tx, actor, vm, asked.volumeId ?? '');
    if (kind === 'ATTACH_VOLUME') await this.attach(tx, vm, volume);
    else await this.detach(tx, vm, volume);
  }

  /** One of another department is not found, whoever asks: a VM has what is its department's. */
  private async lock(tx: Transaction, actor: Actor, vm: VmRow, volumeId: string): Promise<VolumeRow> {
    const volume = isUuid(volumeId) ? await this.volumes.lock(tx, volumeId) : null;
    if (
      volume === null ||
      volume.state === 'DELETED' ||
      volume.departmentId !== vm.departmentId ||
      !can(actor, 'operate', { kind: 'volume', departmentId: volume.departmentId })
    )
      throw new DomainError('VOLUME_NOT_FOUND');
    return volume;
  }

  private async attach(tx: Transaction, vm: VmRow, { id, state, attachedVmId, hostId }: VolumeRow): Promise<void> {
    if (attachedVmId !== null) throw new DomainError('VOLUME_IN_USE', { vmId: attachedVmId });
    if (state !== 'AVAILABLE') throw new DomainError('VOLUME_BUSY', { state });
    await this.volumes.requireNotCloned(tx, id);
    if (hostId !== vm.hostId) throw new DomainError('VOLUME_ON_OTHER_HOST');
    const taken = await this.volumes.ofVm(vm.id, tx);
    const target = freeTarget(taken.map((other) => other.target ?? ''));
    if (target === null) throw new DomainError('VOLUME_LIMIT_REACHED', { maximum: taken.length });
    await this.volumes.update(tx, id, { attachedVmId: vm.id, target, attachment: 'ATTACHING' });
  }

  /** One whose attachment has not come about yet is taken back; one that is being resized ends that before. */
  private async detach(tx: Transaction, vm: VmRow, { id, state, attachedVmId }: VolumeRow): Promise<void> {
    if (attachedVmId !== vm.id) throw new DomainError('VOLUME_NOT_ATTACHED');
    if (state !== 'AVAILABLE') throw new DomainError('VOLUME_BUSY', { state });
    if (await this.snapshots.holdsVolume(tx, id)) throw new DomainError('VOLUME_IN_SNAPSHOT', { volumeId: id });
    await this.volumes.update(tx, id, { attachment: 'DETACHING' });
  }
}
