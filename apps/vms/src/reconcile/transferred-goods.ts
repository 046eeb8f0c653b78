import { carriedBytes, requireTransferable } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import { bytesToGib } from '../catalog/sizes.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow, Volume as VolumeRow } from '../generated/prisma/client.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { VmCloudInitRepository } from '../vms/vm-cloud-init.repository.js';
import { VmPortRepository } from '../vms/vm-port.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';

/** What goes along with a VM that is transferred. */
export interface Goods {
  readonly volumes: readonly VolumeRow[];
  /** Of the VM with all of them. */
  readonly diskGib: number;
  /** What stays in its CD-ROM drive; null: nothing. */
  readonly cdromImageId: string | null;
}

/** The volumes, snapshots and cloud-init of a VM that is transferred to another department. */
@Injectable()
export class TransferredGoods {
  constructor(
    private readonly volumes: VolumeRepository,
    private readonly snapshots: SnapshotRepository,
    private readonly cloudInits: VmCloudInitRepository,
    private readonly ports: VmPortRepository,
    private readonly images: ImageRepository,
  ) {}

  /** Locks the volumes. @throws DomainError VOLUME_BUSY, PORT_BUSY, SNAPSHOT_BUSY, SNAPSHOT_HOLDS_MEMORY, NAME_TAKEN */
  async admit(tx: Transaction, vm: VmRow, departmentId: string): Promise<Goods> {
    const volumes = await this.lock(tx, vm);
    const snapshots = await this.snapshots.ofVm(vm.id, tx);
    requireTransferable(snapshots, volumes, await this.ports.ofVm(vm.id, tx));
    await this.volumes.requireFreeNames(tx, departmentId, volumes);
    const cdromImageId = await this.images.staysIn(tx, vm.cdromImageId, departmentId);
    return { volumes, diskGib: bytesToGib(carriedBytes(vm, snapshots, volumes)), cdromImageId };
  }

  async move(
    tx: Transaction,
    vmId: string,
    { volumes }: Goods,
    to: { readonly departmentId: string; readonly ownerId: string },
  ): Promise<void> {
    await this.volumes.moveAll(tx, volumes, to);
    await this.snapshots.moveAll(tx, vmId, to.departmentId);
    await this.cloudInits.renew(tx, vmId);
    // Those that it has are of the networks that it leaves.
    await this.ports.removeAll(tx, vmId);
  }

  private async lock(tx: Transaction, vm: VmRow): Promise<VolumeRow[]> {
    const locked: VolumeRow[] = [];
    for (const { id } of await this.volumes.ofVm(vm.id, tx)) {
      const volume = await this.volumes.lock(tx, id);
      if (volume !== null) locked.push(volume);
    }
    return locked;
  }
}
