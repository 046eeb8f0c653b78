import { DomainError } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { movesVm, type DrainMode, type DrainReason, type DrainVerdict } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { verdictOn } from '../bulk/drained-vms.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { HostRepository } from '../hosts/host.repository.js';
import { MigrationRepository } from '../migrations/migration.repository.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { PlacementRepository, type VmToDrain } from '../placement/placement.repository.js';
import { DrainTargets } from './drain.targets.js';

/** One VM of a host that is drained, and what becomes of it. */
export interface PlannedDrain {
  readonly vm: VmToDrain;
  readonly verdict: DrainVerdict;
}

/** The same with where it would go now; null: nowhere. */
export interface ForeseenDrain extends PlannedDrain {
  readonly targetHostId: string | null;
}

/** What a drain does to each VM: for the preview, and for the drain itself. */
@Injectable()
export class DrainPlan {
  constructor(
    private readonly fleet: FleetRepository,
    private readonly hosts: HostRepository,
    private readonly placements: PlacementRepository,
    private readonly operations: OperationRepository,
    private readonly migrations: MigrationRepository,
    private readonly targets: DrainTargets,
  ) {}

  /** In the order of the ids. Whether one that is to be moved can be is asked when its turn comes. */
  of(tx: Transaction, hostId: string, mode: DrainMode): Promise<PlannedDrain[]> {
    return this.judged(tx, hostId, mode, new Map());
  }

  /**
   * The same with what the turns of those that are to be moved would come to now, one after another; nothing is written.
   * @param rowsOf reads VMs whole, of the same moment
   * @throws DomainError HOST_NOT_FOUND
   */
  async now<T>(
    hostId: string,
    mode: DrainMode,
    show: (
      foreseen: ForeseenDrain[],
      rowsOf: (ids: readonly string[]) => Promise<ReadonlyMap<string, VmRow>>,
    ) => Promise<T>,
  ): Promise<T> {
    if (!isUuid(hostId)) throw new DomainError('HOST_NOT_FOUND');
    return this.fleet.picture(async (tx) => {
      if (!(await this.hosts.isKnown(tx, hostId))) throw new DomainError('HOST_NOT_FOUND');
      return show(await this.foreseen(tx, hostId, mode), (ids) => this.placements.named(tx, ids));
    });
  }

  private async foreseen(tx: Transaction, hostId: string, mode: DrainMode): Promise<ForeseenDrain[]> {
    const kinds = await this.operations.openKinds(tx, hostId);
    const wanted = await this.of(tx, hostId, mode);
    const toMove = wanted.filter(({ verdict }) => verdict.outcome === 'MIGRATE').map(({ vm }) => vm.id);
    const asked = toMove.filter((id) => !movesVm(kinds.get(id) ?? null));
    const { chosen, obstacles } = await this.targets.of(tx, hostId, asked);
    const underWay = await this.migrations.targetsFrom(tx, hostId);
    return (await this.judged(tx, hostId, mode, obstacles)).map((planned) => {
      const { id } = planned.vm;
      const isMoved = planned.verdict.outcome === 'MIGRATE';
      return { ...planned, targetHostId: isMoved ? (chosen.get(id) ?? underWay.get(id) ?? null) : null };
    });
  }

  private async judged(
    tx: Transaction,
    hostId: string,
    mode: DrainMode,
    obstacles: ReadonlyMap<string, DrainReason>,
  ): Promise<PlannedDrain[]> {
    const vms = await this.placements.toDrain(tx, hostId);
    const kinds = await this.operations.openKinds(tx, hostId);
    return vms.map((vm) => {
      const wanted = { mode, open: kinds.get(vm.id) ?? null, obstacle: obstacles.get(vm.id) ?? null };
      return { vm, verdict: verdictOn(vm, wanted) };
    });
  }
}
