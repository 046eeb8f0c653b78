import { DomainError } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { drainVerdict, operationKind, type DrainVerdict } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { HostRepository } from '../hosts/host.repository.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { PlacementRepository } from '../placement/placement.repository.js';

/** One VM of a host that is drained, and what becomes of it. */
export interface PlannedDrain {
  readonly vm: VmRow;
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

  /** In the order of the ids. What is being deleted is left to that. */
  async of(tx: Transaction, hostId: string): Promise<PlannedDrain[]> {
    const vms = await this.placements.ofHost(tx, hostId);
    const kinds = await this.operations.openKinds(tx, hostId);
    return vms.map((vm) => {
      const { state, errorCode: code, errorMessage } = vm;
      const error = code === null ? null : { code, message: errorMessage ?? code };
      const open = kinds.get(vm.id);
      return { vm, verdict: drainVerdict({ state, error, open: open === undefined ? null : operationKind(open) }) };
    });
  }

  /** The same, and nothing is written. @throws DomainError HOST_NOT_FOUND */
  async now(hostId: string): Promise<PlannedDrain[]> {
    if (!isUuid(hostId)) throw new DomainError('HOST_NOT_FOUND');
    return this.fleet.picture(async (tx) => {
      if (!(await this.hosts.isKnown(tx, hostId))) throw new DomainError('HOST_NOT_FOUND');
      return this.of(tx, hostId);
    });
  }
}
