import {
  decidePlacement,
  refusedPlacement,
  type Decision,
  type HostCandidate,
  type PlacementRequest,
  type PlacementSettings,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import { PLACEMENT_SETTINGS } from '../placement/placement-settings.js';
import { CopyingFleet } from './copying-fleet.js';

/** A host, and why it is that one. */
export interface Chosen {
  readonly hostId: string;
  readonly decision: Decision;
}

/** Which host takes a VM. */
@Injectable()
export class HostChoice {
  constructor(
    private readonly fleet: CopyingFleet,
    private readonly maintenances: HostMaintenanceRepository,
    @Inject(PLACEMENT_SETTINGS) private readonly settings: PlacementSettings,
  ) {}

  /** Hosts are chosen one at a time: to be asked before anything that the choice depends on is read. */
  async begin(tx: Transaction): Promise<void> {
    await this.fleet.lock(tx);
  }

  /**
   * Until the transaction ends the host does not go into maintenance. One that has since it was looked at is refused by
   * that rule when all are looked at again.
   * @param isMeant which there are to choose from
   * @throws DomainError MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST
   */
  async choose(
    tx: Transaction,
    request: PlacementRequest,
    isMeant: (host: HostCandidate) => boolean = () => true,
  ): Promise<Chosen> {
    for (;;) {
      const hosts = (await this.fleet.candidates(tx, [request.imageId])).filter(isMeant);
      const hostAndWhy = this.among(hosts, request);
      if (await this.maintenances.keepOpen(tx, hostAndWhy.hostId)) return hostAndWhy;
    }
  }

  /** @throws DomainError MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST */
  among(hosts: readonly HostCandidate[], request: PlacementRequest): Chosen {
    const decision = decidePlacement(hosts, request, this.settings);
    const { hostId } = decision;
    if (hostId === null) throw refusedPlacement(decision, hosts, request, this.settings);
    return { hostId, decision };
  }
}
