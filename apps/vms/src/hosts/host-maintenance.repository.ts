import { DomainError } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Host as HostRow } from '../generated/prisma/client.js';

/** Who says that a host is worked on, and why. */
export interface MaintenanceSaid {
  readonly byId: string;
  /** null: nothing was said of it. */
  readonly reason: string | null;
}

/**
 * Which hosts are in maintenance. The lock of a host's row orders that against what makes VMs run there: whoever begins
 * something keeps the row as it is until the commit, and whoever puts the host into maintenance waits for all of those and
 * then sees what they made.
 */
@Injectable()
export class HostMaintenanceRepository {
  /**
   * To be asked before something begins there. Until the transaction ends the host does not go into maintenance. Those who
   * ask do not wait for each other, nor for the host's heartbeat.
   * @returns false: it is in maintenance, or gone
   */
  async keepOpen(tx: Transaction, hostId: string): Promise<boolean> {
    const rows = await tx.$queryRaw<{ isOpen: boolean }[]>`
      SELECT maintenance_since IS NULL AS "isOpen" FROM hosts WHERE id = ${hostId}::uuid FOR KEY SHARE`;
    return rows[0]?.isOpen === true;
  }

  /** The same for who can begin it nowhere else. @throws DomainError HOST_IN_MAINTENANCE */
  async requireOpen(tx: Transaction, hostId: string): Promise<void> {
    if (!(await this.keepOpen(tx, hostId))) throw new DomainError('HOST_IN_MAINTENANCE', { hostId });
  }

  /** Hosts that are in use now. */
  async open(tx: Transaction): Promise<ReadonlySet<string>> {
    const hosts = await tx.host.findMany({ where: { maintenanceSince: null }, select: { id: true } });
    return new Set(hosts.map(({ id }) => id));
  }

  /** The row, locked until the transaction ends. What others began there is committed by then, and can be read after this. */
  async lock(tx: Transaction, hostId: string): Promise<HostRow | null> {
    await tx.$queryRaw`SELECT id FROM hosts WHERE id = ${hostId}::uuid FOR UPDATE`;
    return tx.host.findUnique({ where: { id: hostId } });
  }

  /** Of a host that is in it already: another reason. @param host locked */
  async begin(tx: Transaction, host: HostRow, { byId, reason }: MaintenanceSaid): Promise<HostRow> {
    const maintenanceSince = host.maintenanceSince ?? (await databaseNow(tx));
    const data = { maintenanceSince, maintenanceById: byId, maintenanceReason: reason };
    return tx.host.update({ where: { id: host.id }, data });
  }

  /** @param host locked */
  async end(tx: Transaction, host: HostRow): Promise<HostRow> {
    const data = { maintenanceSince: null, maintenanceById: null, maintenanceReason: null };
    return tx.host.update({ where: { id: host.id }, data });
  }
}
