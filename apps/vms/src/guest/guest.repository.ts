import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';

/** What is known of the agents inside of VMs. */
@Injectable()
export class GuestRepository {
  /** @returns false when there is no such VM that runs: a late delivery must not mark one that has been stopped since */
  async recordReady(
    tx: Transaction,
    vmId: string,
    guest: { readonly guestReadyAt: Date; readonly agentVersion: string | null },
  ): Promise<boolean> {
    const where = { id: vmId, state: { in: ['BUILDING' as const, 'STARTING' as const, 'RUNNING' as const] } };
    const { count } = await tx.vm.updateMany({ where, data: guest });
    return count > 0;
  }

  /** Only when it was not heard again since: the two kinds of events come in no order between them. */
  async recordSilent(tx: Transaction, vmId: string, lastHeardAt: Date): Promise<void> {
    await tx.vm.updateMany({ where: { id: vmId, guestReadyAt: { lte: lastHeardAt } }, data: { guestReadyAt: null } });
  }
}
