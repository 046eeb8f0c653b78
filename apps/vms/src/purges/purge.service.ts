import type { Actor } from '@infinibay/contracts';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { HostClient } from '../reconcile/host.client.js';
import { VmChangesService } from '../vm-changes/vm-changes.service.js';
import { VmRepository } from '../vms/vm.repository.js';

/** It was taken back, deleted, or given another time since it was looked at. */
class NotDue extends Error {}

/** Deletes VMs whose time is over. */
@Injectable()
export class PurgeService {
  private readonly purged: Counter;

  constructor(
    private readonly vms: VmRepository,
    private readonly changes: VmChangesService,
    private readonly hosts: HostClient,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.purged = metrics.counter('infinibay_vms_purged_total', 'VMs whose time after softDeleteVm was over');
  }

  /**
   * As if who wanted it deleted had asked for it now, with the rights of then. The key is new each time: once it was
   * accepted the VM is not due any more, and that is looked at under its lock.
   */
  async purge(vmId: string): Promise<void> {
    const vm = await this.vms.findRow(vmId);
    const actor = vm === null ? null : actorOf(vm);
    if (vm === null || actor === null) return;
    const context = { ...newServiceContext(), actor: { kind: 'user', id: actor.userId } as const };
    await runInContext(context, async () => {
      try {
        // One that went away just now is not to make an error of it: an accepted deletion is tried for a while only.
        await this.hosts.inspect(vm);
        await this.ask(vm, actor);
      } catch (error) {
        if (!(error instanceof NotDue)) throw error;
      }
    });
  }

  private async ask(looked: VmRow, actor: Actor): Promise<void> {
    const { id: vmId, purgeAt, purgeVolumes } = looked;
    const input = { vmId, idempotencyKey: `purge:${newId()}` };
    const options = purgeVolumes ? { deleteVolumes: true } : {};
    const { operationId } = await this.changes.request(actor, 'DELETE_VM', input, options, {
      before: (tx) => this.requireDue(tx, looked),
      after: () => Promise.resolve(),
      occasion: 'purge',
    });
    this.purged.inc();
    this.logger.info({ vmId, operationId, purgeAt, purgeVolumes }, 'the time of a VM is over; it is deleted');
  }

  /** @param looked the VM as it was looked at: what was said since holds */
  private async requireDue(tx: Transaction, looked: VmRow): Promise<void> {
    const vm = await this.vms.lock(tx, looked.id);
    const purgeAt = vm?.purgeAt ?? null;
    if (vm === null || purgeAt === null || purgeAt > (await databaseNow(tx))) throw new NotDue();
    if (vm.purgeById !== looked.purgeById || vm.purgeVolumes !== looked.purgeVolumes) throw new NotDue();
  }
}

/** null: nobody wants it to be deleted. */
const actorOf = ({ departmentId, purgeById, purgeByRole }: VmRow): Actor | null =>
  purgeById === null
    ? null
    : {
        userId: purgeById,
        // There is no session any more; nothing that is asked of VMs depends on it.
        sessionId: newId(),
        role: purgeByRole === 'ADMIN' ? 'ADMIN' : 'USER',
        departmentIds: [departmentId],
      };
