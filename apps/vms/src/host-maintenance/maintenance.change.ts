import { DomainError, hostMaintenanceChanged, type EventEnvelope } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { BulkOpening } from '../bulk/bulk.opening.js';
import type { Transaction } from '../database.js';
import type { Host as HostRow } from '../generated/prisma/client.js';
import { HostMaintenanceRepository, type MaintenanceSaid } from '../hosts/host-maintenance.repository.js';

/** Into maintenance and out of it, within the transaction that accepts that. */
@Injectable()
export class MaintenanceChange {
  constructor(
    private readonly maintenances: HostMaintenanceRepository,
    private readonly bulk: BulkOpening,
  ) {}

  /**
   * Locks the host until the transaction ends. A host that is in maintenance stays so since when it was; nothing is told of what
   * is as it was.
   * @throws DomainError HOST_NOT_FOUND
   */
  async begin(tx: Transaction, hostId: string, said: MaintenanceSaid): Promise<EventEnvelope[]> {
    const host = await this.lock(tx, hostId);
    const isNews = host.maintenanceSince === null || (said.reason !== null && said.reason !== host.maintenanceReason);
    return isNews ? [changedEvent(await this.maintenances.begin(tx, host, said), said)] : [];
  }

  /** What a drain has not asked yet is left as it is. @throws DomainError HOST_NOT_FOUND */
  async end(tx: Transaction, hostId: string, said: MaintenanceSaid): Promise<EventEnvelope[]> {
    const host = await this.lock(tx, hostId);
    if (host.maintenanceSince === null) return [];
    await this.bulk.endDrains(tx, host.id);
    return [changedEvent(await this.maintenances.end(tx, host), said)];
  }

  private async lock(tx: Transaction, hostId: string): Promise<HostRow> {
    const host = isUuid(hostId) ? await this.maintenances.lock(tx, hostId) : null;
    if (host === null) throw new DomainError('HOST_NOT_FOUND');
    return host;
  }
}

const changedEvent = ({ id: hostId, maintenanceSince: since }: HostRow, said: MaintenanceSaid): EventEnvelope =>
  newEvent(hostMaintenanceChanged, {
    departmentId: null,
    resource: { kind: 'host', id: hostId },
    data: { hostId, inMaintenance: since !== null, since: since?.toISOString() ?? null, ...said },
  });
