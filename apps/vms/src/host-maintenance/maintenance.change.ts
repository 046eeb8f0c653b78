import { DomainError, hostMaintenanceChanged, type EventEnvelope } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { BulkOpening } from '../bulk/bulk.opening.js';
import type { Transaction } from '../database.js';
import type { Host as HostRow } from '../generated/prisma/client.js';
import { HostMaintenanceRepository, type MaintenanceSaid } from '../hosts/host-maintenance.repository.js';
import { MigrationRepository } from '../migrations/migration.repository.js';

/** Into maintenance and out of it, within the transaction that accepts that. */
@Injectable()
export class MaintenanceChange {
  constructor(
    private readonly maintenances: HostMaintenanceRepository,
    private readonly bulk: BulkOpening,
    private readonly migrations: MigrationRepository,
  ) {}

  /**
   * Locks the host until the transaction ends. A host that is in maintenance stays so since when it was; nothing is told of what
   * is as it was. VMs that are on their way to it stay where they are.
   * @throws DomainError HOST_NOT_FOUND
   */
  async begin(tx: Transaction, hostId: string, said: MaintenanceSaid): Promise<EventEnvelope[]> {
    const host = await this.lock(tx, hostId);
    const isReason = said.reason !== null && said.reason !== host.maintenanceReason;
    if (host.maintenanceSince !== null && !isReason && said.byId === host.maintenanceById) return [];
    // Who says nothing of why leaves what was said.
    const now = { ...said, reason: said.reason ?? host.maintenanceReason };
    await this.migrations.cancelThoseTo(tx, host.id);
    return [changedEvent(await this.maintenances.begin(tx, host, now), now)];
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
