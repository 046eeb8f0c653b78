import type { EventEnvelope, MigrationTarget } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { migratedEvent } from '../vms/vm.events.js';
import { VmRepository } from '../vms/vm.repository.js';
import { MigrationRepository, type VmMigration } from './migration.repository.js';

/** What a step has brought about of a migration. */
export type MigrationDone =
  /** Both hosts were asked, and the one that it goes to is ready. */
  | { readonly kind: 'ready'; readonly sourceStorageId: string; readonly target: MigrationTarget }
  | { readonly kind: 'left' | 'stayed' | 'finished' | 'cleaned' };

/** Writes what became of a migration, in the transaction that records the step. */
@Injectable()
export class MigrationJournal {
  constructor(
    private readonly migrations: MigrationRepository,
    private readonly vms: VmRepository,
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
        if (phase === 'ARRIVED') await this.migrations.update(tx, vm.id, { phase: 'CLEANING' });
        return [];
      case 'cleaned':
        if (phase === 'CLEANING' || phase === 'TAKEN_BACK') await this.migrations.remove(tx, vm.id);
        return [];
    }
  }

  /** From this commit on it belongs to the other host, and runs nowhere else. */
  private async recordLeft(tx: Transaction, vm: Vm, { targetHostId }: VmMigration): Promise<EventEnvelope[]> {
    await this.migrations.update(tx, vm.id, { phase: 'ARRIVED', movedAt: await databaseNow(tx) });
    await this.vms.update(tx, vm.id, { hostId: targetHostId });
    await this.migrations.forgetPlacement(tx, vm.id);
    return [migratedEvent(vm, targetHostId)];
  }
}

const storagesOf = ({ sourceStorageId, target }: Extract<MigrationDone, { readonly kind: 'ready' }>) => ({
  sourceStorageId,
  target,
});
