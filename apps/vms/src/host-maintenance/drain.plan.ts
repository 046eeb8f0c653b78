import { DomainError } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import type { DrainVerdict } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { verdictOn } from '../bulk/drained-vms.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { HostRepository } from '../hosts/host.repository.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { PlacementRepository, type VmToDrain } from '../placement/placement.repository.js';

/** One VM of a host that is drained, and what becomes of it. */
export interface PlannedDrain {
  readonly vm: VmToDrain;
  readonly verdict: DrainVerdict;
}

/** What a drain does to each VM: for the preview, and for the drain itself. */
@Injectable()
export class DrainPlan {
  constructor(
    private readonly fleet: FleetRepository,
    private readonly hosts: HostRepository,
    private readonly placements: PlacementRepository,
    private readonly operations: OperationRepository,
  ) {}

  /** In the order of the ids. */
  async of(tx: Transaction, hostId: string): Promise<PlannedDrain[]> {
    const vms = await this.placements.toDrain(tx, hostId);
    const kinds = await this.operations.openKinds(tx, hostId);
    return vms.map((vm) => ({ vm, verdict: verdictOn(vm, kinds.get(vm.id) ?? null) }));
  }

  /**
   * The same, and nothing is written.
   * @param rowsOf reads VMs whole, of the same moment
   * @throws DomainError HOST_NOT_FOUND
   */
  async now<T>(
    hostId: string,
    show: (
      planned: PlannedDrain[],
      rowsOf: (ids: readonly string[]) => Promise<ReadonlyMap<string, VmRow>>,
    ) => Promise<T>,
  ): Promise<T> {
    if (!isUuid(hostId)) throw new DomainError('HOST_NOT_FOUND');
    return this.fleet.picture(async (tx) => {
      if (!(await this.hosts.isKnown(tx, hostId))) throw new DomainError('HOST_NOT_FOUND');
      return show(await this.of(tx, hostId), (ids) => this.placements.named(tx, ids));
    });
  }
}
