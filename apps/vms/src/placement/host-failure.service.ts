import { DomainError, type Actor } from '@infinibay/contracts';
import { connectionOf, parsePage, type PageArgs } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import {
  placeInTurn,
  withoutHost,
  type PlacementRequest,
  type PlacementSettings,
  type VmGroup,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { GroupMemberRepository } from '../placement-groups/group-member.repository.js';
import { toVm } from '../vms/vm.mapper.js';
import { hardwareOf } from '../vms/vm-hardware.js';
import { sizesOf } from '../vms/vm-spec.js';
import { PLACEMENT_SETTINGS } from './placement-settings.js';
import { toPlacement, type DisplacedVm, type DisplacedVmConnection } from './placement.model.js';
import { recordOf } from './placement.record.js';
import { PlacementRepository } from './placement.repository.js';

/** Large VMs first: they fit into what small ones would cut up. Then by id, so that the answer is always the same. */
const bySize = (a: VmRow, b: VmRow): number => b.memoryMib - a.memoryMib || b.vcpus - a.vcpus || (a.id < b.id ? -1 : 1);

/** What is on the host that fails is nowhere to the groups of what was there. */
const requestOf = (vm: VmRow, groups: readonly VmGroup[]): PlacementRequest => {
  const { maxMemoryMib: memoryMib, maxVcpus: vcpus } = sizesOf(vm);
  const left = groups.map((group) => withoutHost(group, vm.hostId));
  return { imageId: vm.imageId, memoryMib, vcpus, hardware: hardwareOf(vm), vmId: vm.id, groups: left };
};

/** What would happen without a host. Nothing is written. */
@Injectable()
export class HostFailureService {
  constructor(
    private readonly fleet: FleetRepository,
    private readonly placements: PlacementRepository,
    private readonly members: GroupMemberRepository,
    @Inject(PLACEMENT_SETTINGS) private readonly settings: PlacementSettings,
  ) {}

  /**
   * The whole host is planned on every page: what one VM takes, the next one lacks.
   * @throws DomainError HOST_NOT_FOUND, INVALID_INPUT
   */
  async whatIf(actor: Actor, hostId: string, args: PageArgs): Promise<DisplacedVmConnection> {
    const page = parsePage(args);
    if (!isUuid(hostId)) throw new DomainError('HOST_NOT_FOUND');
    const { hosts, vms, requests } = await this.fleet.picture(async (tx) => {
      const rows = (await this.placements.ofHost(tx, hostId)).sort(bySize);
      const imageIds = [...new Set(rows.map(({ imageId }) => imageId))];
      const groups = await this.members.ofVms(
        tx,
        rows.map(({ id }) => id),
      );
      const wanted = rows.map((row) => requestOf(row, groups.get(row.id) ?? []));
      return { vms: rows, requests: wanted, hosts: await this.fleet.candidates(tx, imageIds) };
    });
    if (!hosts.some((host) => host.hostId === hostId.toLowerCase())) throw new DomainError('HOST_NOT_FOUND');
    const others = hosts.filter((host) => host.hostId !== hostId.toLowerCase());
    const decisions = placeInTurn(others, requests, this.settings);
    const planned = vms.flatMap((vm, index) => {
      const decision = decisions[index];
      return decision === undefined ? [] : [{ id: vm.id, vm, decision }];
    });
    const rest = planned
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter(({ id }) => page.after === undefined || id > page.after);
    const { nodes, ...where } = connectionOf(rest, page, planned.length);
    const show = ({ vm, decision }: (typeof planned)[number]): DisplacedVm => ({
      vm: toVm(vm),
      placement: toPlacement(recordOf(decision, null), actor),
      hostId: decision.hostId,
    });
    const unplacedCount = decisions.filter((decision) => decision.hostId === null).length;
    return { ...where, nodes: nodes.map(show), unplacedCount };
  }
}
