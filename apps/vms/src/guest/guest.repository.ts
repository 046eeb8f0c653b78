import { mayRun } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';

/**
 * What is known of the agents inside of VMs. It is recorded whatever the VM shows, which may come later than what its
 * guest says, and is shown where the VM may run. The two kinds of events come in no order: the newer one counts.
 */
@Injectable()
export class GuestRepository {
  /** @returns the department that the VM is in now; null: it is no news that the VM shows */
  async recordReady(
    tx: Transaction,
    vmId: string,
    guest: { readonly guestReadyAt: Date; readonly agentVersion: string | null },
  ): Promise<string | null> {
    const { guestReadyAt: at } = guest;
    const isNewest = [
      { OR: [{ guestReadyAt: null }, { guestReadyAt: { lt: at } }] },
      { OR: [{ guestSilentAt: null }, { guestSilentAt: { lt: at } }] },
    ];
    const rows = await tx.vm.updateManyAndReturn({
      where: { id: vmId, state: { not: 'DELETED' }, AND: isNewest },
      data: guest,
      select: { state: true, departmentId: true },
    });
    return rows.find(({ state }) => mayRun(state))?.departmentId ?? null;
  }

  async recordSilent(tx: Transaction, vmId: string, lastHeardAt: Date): Promise<void> {
    const isNewest = { OR: [{ guestSilentAt: null }, { guestSilentAt: { lt: lastHeardAt } }] };
    await tx.vm.updateMany({ where: { id: vmId, ...isNewest }, data: { guestSilentAt: lastHeardAt } });
    await tx.vm.updateMany({ where: { id: vmId, guestReadyAt: { lte: lastHeardAt } }, data: { guestReadyAt: null } });
  }
}
