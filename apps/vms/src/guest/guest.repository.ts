import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';

/**
 * A guest speaks when it speaks: one that a snapshot brings back does so while the VM is STOPPING yet, and it is told of
 * once. Not STOPPED: a late delivery must not mark a VM that is off.
 */
const MAY_SPEAK = ['BUILDING', 'STARTING', 'RUNNING', 'PAUSED', 'STOPPING', 'ERROR'] as const;

/** What is known of the agents inside of VMs. */
@Injectable()
export class GuestRepository {
  /** @returns false when there is no such VM that may run */
  async recordReady(
    tx: Transaction,
    vmId: string,
    guest: { readonly guestReadyAt: Date; readonly agentVersion: string | null },
  ): Promise<boolean> {
    const where = { id: vmId, state: { in: [...MAY_SPEAK] } };
    const { count } = await tx.vm.updateMany({ where, data: guest });
    return count > 0;
  }

  /** Only when it was not heard again since: the two kinds of events come in no order between them. */
  async recordSilent(tx: Transaction, vmId: string, lastHeardAt: Date): Promise<void> {
    await tx.vm.updateMany({ where: { id: vmId, guestReadyAt: { lte: lastHeardAt } }, data: { guestReadyAt: null } });
  }
}
