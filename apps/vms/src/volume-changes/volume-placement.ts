import { can, readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { choosePool, isUnsettled, requireMovable, type PoolCandidate } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Volume } from '../generated/prisma/client.js';
import { KnownDepartments } from '../departments/known-departments.js';
import { MigrationRepository } from '../migrations/migration.repository.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { refuseWhileScheduled } from '../vms/scheduled-deletion.js';
import { VmRepository } from '../vms/vm.repository.js';
import { StoragePoolRepository } from '../volumes/storage-pool.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';
import type { CreateVolume } from './volume.inputs.js';

/** From what a client asks for to a pool that has room for it. */
@Injectable()
export class VolumePlacement {
  constructor(
    private readonly pools: StoragePoolRepository,
    private readonly vms: VmRepository,
    private readonly departments: KnownDepartments,
    private readonly snapshots: SnapshotRepository,
    private readonly migrations: MigrationRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  /** @throws DomainError DEPARTMENT_NOT_FOUND, also for who may not make volumes there */
  async requireDepartment(actor: Actor, departmentId: string): Promise<void> {
    if (!can(actor, 'create', { kind: 'volume', departmentId })) throw new DomainError('DEPARTMENT_NOT_FOUND');
    await this.departments.require(actor, departmentId);
  }

  /**
   * Going back to a snapshot would make it smaller again, and memory that is kept knows it as it was. A copy of it, in
   * another pool, would hold no snapshot. On its way to another host it is copied as it was found.
   * @throws DomainError VOLUME_IN_SNAPSHOT, VM_MEMORY_SAVED, DELETION_SCHEDULED, VOLUME_BUSY
   */
  async requireChangeable(tx: Transaction, { id: volumeId, attachedVmId }: Volume): Promise<void> {
    const vm = attachedVmId === null ? null : await this.vms.findRow(attachedVmId);
    if (vm !== null) refuseWhileScheduled(vm);
    if (vm !== null && vm.savedBytes !== null) throw new DomainError('VM_MEMORY_SAVED', { vmId: vm.id });
    // The volume is locked: a migration that was accepted before has its journal.
    if (vm !== null && isUnsettled(await this.migrations.ofVm(vm.id, tx)))
      throw new DomainError('VOLUME_BUSY', { volumeId, vmId: vm.id, reason: 'its virtual machine is being moved' });
    if (await this.snapshots.holdsVolume(tx, volumeId)) throw new DomainError('VOLUME_IN_SNAPSHOT', { volumeId });
  }

  /** Where a volume shall go. @throws DomainError POOL_NOT_FOUND, VOLUME_BUSY, POOL_FULL, NO_SUITABLE_POOL */
  async requireOtherPool(tx: Transaction, volume: Volume, poolId: string): Promise<PoolCandidate> {
    const [pool] = isUuid(poolId) ? await this.pools.candidates(tx, { id: poolId }) : [];
    requireMovable(volume, pool ?? null);
    return this.requireRoom(tx, poolId, volume.capacityBytes);
  }

  /** A guest copies what it runs on; what a VM that is off has is nobody's to copy. @throws DomainError VOLUME_BUSY */
  async requireRunningOrFree({ attachedVmId, state, attachment }: Volume): Promise<void> {
    if (state !== 'AVAILABLE' || (attachment !== null && attachment !== 'ATTACHED'))
      throw new DomainError('VOLUME_BUSY', { state, attachment });
    const vm = attachedVmId === null ? null : await this.vms.findRow(attachedVmId);
    if (vm !== null && vm.state !== 'RUNNING' && vm.state !== 'PAUSED')
      throw new DomainError('VOLUME_BUSY', { vmId: vm.id, vmState: vm.state });
  }

  /** @throws DomainError VM_NOT_FOUND, POOL_NOT_FOUND, POOL_FULL, NO_SUITABLE_POOL */
  async place(
    tx: Transaction,
    actor: Actor,
    { departmentId, poolId, vmId }: Pick<CreateVolume, 'departmentId' | 'poolId' | 'vmId'>,
    capacityBytes: bigint,
  ): Promise<PoolCandidate> {
    if (poolId !== null) return this.requireRoom(tx, poolId, capacityBytes);
    if (vmId === null) return this.choose(await this.pools.candidates(tx, {}), capacityBytes);
    const vm = isUuid(vmId) ? await this.vms.find(vmId, readableDepartments(actor)) : null;
    if (vm?.departmentId !== departmentId) throw new DomainError('VM_NOT_FOUND');
    return this.choose(await this.pools.candidates(tx, { hostId: vm.hostId }), capacityBytes);
  }

  /** @throws DomainError POOL_NOT_FOUND, POOL_FULL, NO_SUITABLE_POOL */
  async requireRoom(tx: Transaction, poolId: string, capacityBytes: bigint): Promise<PoolCandidate> {
    const [pool] = isUuid(poolId) ? await this.pools.candidates(tx, { id: poolId }) : [];
    if (pool === undefined) throw new DomainError('POOL_NOT_FOUND');
    return this.choose([pool], capacityBytes);
  }

  private choose(pools: readonly PoolCandidate[], capacityBytes: bigint): PoolCandidate {
    return choosePool(pools, capacityBytes, this.options.reservePercent);
  }
}
