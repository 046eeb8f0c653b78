import type { EventEnvelope, TargetWithVolumes } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { migratedEvent } from '../vms/vm.events.js';
import { VmRepository } from '../vms/vm.repository.js';
import { StoragePoolRepository } from '../volumes/storage-pool.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import { MigrationRepository, type VmMigration } from './migration.repository.js';

/** What a step has brought about of a migration. */
export type MigrationDone =
  /** Both hosts were asked, and the one that it goes to is ready. */
  | { readonly kind: 'ready'; readonly sourceStorageId: string; readonly target: TargetWithVolumes }
  | { readonly kind: 'left' | 'stayed' | 'finished' | 'cleaned' };

/** Writes what became of a migration, in the transaction that records the step. */
@Injectable()
export class MigrationJournal {
  constructor(
    private readonly migrations: MigrationRepository,
    private readonly vms: VmRepository,
    private readonly volumes: VolumeRepository,
    private readonly pools: StoragePoolRepository,
  ) {}

  ofVm(vmId: string, tx?: Transaction): Promise<VmMigration | null> {
    return this.migrations.ofVm(vmId, tx);
  }

  /** Nothing, of what a worker before has recorded. @param vm locked */
  async record(tx: Transaction, vm: Vm, done: MigrationDone): Promise<EventEnvelope[]> {
    const migration = await this.migrations.ofVm(vm.id, tx);
    if (migration === null) return [];
    const { phase } = migration;
    switch (done.kind) {
      case 'ready':
        if (phase === 'PREPARING') await this.migrations.update(tx, vm.id, { phase: 'MOVING', ...storagesOf(done) });
        return [];
      case 'left':
        return phase === 'MOVING' ? this.recordLeft(tx, vm, migration) : [];
      case 'stayed':
        if (phase === 'PREPARING' || phase === 'MOVING')
          await this.migrations.update(tx, vm.id, { phase: 'TAKEN_BACK' });
        return [];
      case 'finished':
        if (phase !== 'ARRIVED') return [];
        // An instance of before, which knows of no volumes, may have been who saw it leave.
        await this.recordVolumes(tx, vm.id, migration);
        await this.migrations.update(tx, vm.id, { phase: 'CLEANING' });
        return [];
      case 'cleaned':
        if (phase === 'CLEANING') await this.recordVolumes(tx, vm.id, migration);
        if (phase === 'CLEANING' || phase === 'TAKEN_BACK') await this.migrations.remove(tx, vm.id);
        return [];
    }
  }

  /** From this commit on it belongs to the other host with its volumes, and runs nowhere else. */
  private async recordLeft(tx: Transaction, vm: Vm, migration: VmMigration): Promise<EventEnvelope[]> {
    const { targetHostId } = migration;
    await this.migrations.update(tx, vm.id, { phase: 'ARRIVED', movedAt: await databaseNow(tx) });
    await this.vms.update(tx, vm.id, { hostId: targetHostId });
    await this.recordVolumes(tx, vm.id, migration);
    await this.migrations.forgetPlacement(tx, vm.id);
    return [migratedEvent(vm, targetHostId)];
  }

  /** Those that are still attached to it: it took no others along. */
  private async recordVolumes(tx: Transaction, vmId: string, migration: VmMigration): Promise<void> {
    const { sourceHostId: fromHostId, targetHostId, target } = migration;
    for (const { volumeId, poolName } of target?.volumes ?? []) {
      const poolId = await this.pools.idOf(tx, targetHostId, poolName);
      await this.volumes.arrive(tx, { vmId, volumeId, fromHostId }, { hostId: targetHostId, poolId });
    }
  }
}

const storagesOf = ({ sourceStorageId, target }: Extract<MigrationDone, { readonly kind: 'ready' }>) => ({
  sourceStorageId,
  target,
});
