import type { MovedVm } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { MigrationRepository } from '../migrations/migration.repository.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { mayHaveCdrom } from '../vms/vm-cdrom.js';
import { hasVariables } from '../vms/vm-hardware.js';
import { VmRepository } from '../vms/vm.repository.js';
import { KeptMemory } from './kept-memory.js';

/** What of a VM would have to go along to another host. */
@Injectable()
export class MigratedGoods {
  constructor(
    private readonly migrations: MigrationRepository,
    private readonly snapshots: SnapshotRepository,
    private readonly vms: VmRepository,
    private readonly kept: KeptMemory,
  ) {}

  /**
   * @param vm locked: no more of it is accepted meanwhile
   * @throws DomainError PORT_BUSY, VOLUME_BUSY
   */
  async of(tx: Transaction, vm: VmRow): Promise<MovedVm> {
    const { id, hostId, state } = vm;
    await this.kept.settledVolumes(tx, vm);
    // The disk of a clone that failed would be copied from where it is.
    const owesCopy = await this.vms.owesCopy(tx, id);
    return {
      id,
      hostId,
      state,
      hasDisk: vm.diskBuiltAt !== null,
      hasVariables: hasVariables(vm),
      // What it is in was left to be made ready, and would have to be on the other host as well.
      isMoving: vm.toSettleIn || owesCopy || (await this.migrations.ofVm(id, tx)) !== null,
      snapshots: await this.snapshots.count(tx, id),
      hasCdrom: mayHaveCdrom(vm),
    };
  }
}
