import type { Actor, EventEnvelope } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import type { Parameters } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { deletionCancelledEvent, deletionScheduledEvent } from '../vms/vm.events.js';
import { VmRepository } from '../vms/vm.repository.js';
import { SOFT_DELETION_OPTIONS, type SoftDeletionOptions } from './soft-deletion-options.js';

const NOT_SCHEDULED = {
  purgeAt: null,
  purgeDueAt: null,
  purgeById: null,
  purgeByRole: null,
  purgeVolumes: false,
} as const;

/** VMs that are going to be deleted. The VM is locked by whoever asks. */
@Injectable()
export class SoftDeletion {
  constructor(
    private readonly vms: VmRepository,
    @Inject(SOFT_DELETION_OPTIONS) private readonly options: SoftDeletionOptions,
  ) {}

  /** From now on, by the clock of the database; a time before gives way to it. @param actor by whose right it is deleted then */
  async schedule(
    tx: Transaction,
    vm: VmRow,
    actor: Actor,
    { purgeAfterSeconds = this.options.keepSeconds, deleteVolumes = false }: Parameters,
  ): Promise<EventEnvelope[]> {
    const purgeAt = new Date((await databaseNow(tx)).getTime() + purgeAfterSeconds * 1_000);
    const by = { purgeById: actor.userId, purgeByRole: actor.role };
    const purge = { purgeAt, purgeDueAt: purgeAt, ...by, purgeVolumes: deleteVolumes };
    await this.vms.update(tx, vm.id, purge);
    return [deletionScheduledEvent(vm, purgeAt, deleteVolumes)];
  }

  async cancel(tx: Transaction, vm: VmRow): Promise<EventEnvelope[]> {
    await this.vms.update(tx, vm.id, NOT_SCHEDULED);
    return [deletionCancelledEvent(vm)];
  }
}
