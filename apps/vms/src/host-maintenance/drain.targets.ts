import {
  isComingUp,
  obstacleIn,
  placeInTurn,
  refusedPlacement,
  requireMigratable,
  type DrainReason,
  type HostCandidate,
  type PlacementSettings,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { PLACEMENT_SETTINGS } from '../placement/placement-settings.js';
import { PlacementRepository, type GoodsOfVm } from '../placement/placement.repository.js';
import { GroupMemberRepository } from '../placement-groups/group-member.repository.js';
import { requestElsewhere } from '../vm-changes/vm.placement.js';
import { refuseWhileScheduled } from '../vms/scheduled-deletion.js';
import { mayHaveCdrom } from '../vms/vm-cdrom.js';
import { hasVariables } from '../vms/vm-hardware.js';

/** Where VMs would go, and why the others would not, by VM. */
export interface Foreseen {
  readonly chosen: ReadonlyMap<string, string>;
  readonly obstacles: ReadonlyMap<string, DrainReason>;
}

/** What migrateVm would answer of many VMs of a host now, if they were asked for one after another. Nothing is written. */
@Injectable()
export class DrainTargets {
  constructor(
    private readonly fleet: FleetRepository,
    private readonly placements: PlacementRepository,
    private readonly members: GroupMemberRepository,
    @Inject(PLACEMENT_SETTINGS) private readonly settings: PlacementSettings,
  ) {}

  /** @param vmIds in the order of their turns; one that can not be moved takes no room */
  async of(tx: Transaction, hostId: string, vmIds: readonly string[]): Promise<Foreseen> {
    if (vmIds.length === 0) return { chosen: new Map(), obstacles: new Map() };
    const rows = await this.placements.named(tx, vmIds);
    const goods = await this.placements.goodsOn(tx, hostId);
    const chosen = new Map<string, string>();
    const obstacles = new Map<string, DrainReason>();
    const movable = vmIds.flatMap((id): VmRow[] => {
      const row = rows.get(id);
      if (row === undefined) return [];
      const obstacle = obstacleOf(row, goods.get(id) ?? { snapshots: 0 });
      if (obstacle === null) return [row];
      obstacles.set(id, obstacle);
      return [];
    });
    const imageIds = [...new Set(movable.map(({ imageId }) => imageId))];
    const isOther = (host: HostCandidate): boolean => host.hostId !== hostId.toLowerCase();
    const hosts = (await this.fleet.candidates(tx, imageIds)).filter(isOther);
    const groups = await this.members.ofVms(tx, vmIds);
    const requests = movable.map((vm) => requestElsewhere(vm, groups.get(vm.id) ?? []));
    placeInTurn(hosts, requests, this.settings).forEach((decision, turn) => {
      const [vm, request] = [movable[turn], requests[turn]];
      if (vm === undefined || request === undefined) return;
      if (decision.hostId !== null) chosen.set(vm.id, decision.hostId);
      const refusal = decision.hostId === null ? refusedPlacement(decision, hosts, request, this.settings) : null;
      const obstacle = obstacleIn(refusal);
      if (obstacle !== null) obstacles.set(vm.id, obstacle);
    });
    return { chosen, obstacles };
  }
}

/** By the rules that accept a migration. What passes by waiting is none. */
const obstacleOf = (vm: VmRow, goods: GoodsOfVm): DrainReason | null => {
  const { id, hostId, state } = vm;
  // It is moved when it is up, and has its disk then.
  const hasDisk = vm.diskBuiltAt !== null || isComingUp(state);
  try {
    refuseWhileScheduled(vm);
    const made = { hasVariables: hasVariables(vm), hasCdrom: mayHaveCdrom(vm) };
    requireMigratable({ id, hostId, state, hasDisk, isMoving: false, ...made, ...goods }, null);
    return null;
  } catch (error) {
    const obstacle = obstacleIn(error);
    if (obstacle === null) throw error;
    return obstacle;
  }
};
