import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import { GroupMemberRepository } from '../placement-groups/group-member.repository.js';
import { PlacementGroupRepository } from '../placement-groups/placement-group.repository.js';
import type { Vm } from '../vms/vm.model.js';
import { ChangeableVms } from './changeable-vms.js';
import { VmPlacementGroup } from './vm-placement-group.inputs.js';

/** What is done to a VM in a group. @param vmId locked @param groupId locked */
type Membership = (tx: Transaction, vmId: string, groupId: string) => Promise<void>;

/** Puts VMs into placement groups and takes them out. That holds with the commit, and moves nothing. */
@Injectable()
export class VmPlacementGroupService {
  constructor(
    private readonly change: Change,
    private readonly changeable: ChangeableVms,
    private readonly groups: PlacementGroupRepository,
    private readonly members: GroupMemberRepository,
  ) {}

  /**
   * Wherever the VM is: a group that is otherwise than it shall be by that says so.
   * @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, PLACEMENT_GROUP_NOT_FOUND,
   * PLACEMENT_GROUP_FULL, TOO_MANY_PLACEMENT_GROUPS
   */
  add(actor: Actor, rawInput: unknown): Promise<Vm> {
    const join: Membership = (tx, vmId, groupId) => this.members.join(tx, vmId, groupId);
    return this.alter(actor, 'addVmToPlacementGroup', rawInput, join);
  }

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, PLACEMENT_GROUP_NOT_FOUND */
  remove(actor: Actor, rawInput: unknown): Promise<Vm> {
    const leave: Membership = (tx, vmId, groupId) => this.members.leave(tx, vmId, groupId);
    return this.alter(actor, 'removeVmFromPlacementGroup', rawInput, leave);
  }

  private alter(actor: Actor, operation: string, rawInput: unknown, membership: Membership): Promise<Vm> {
    const { idempotencyKey: key, ...input } = validateInput(VmPlacementGroup, rawInput);
    const { vmId, placementGroupId } = input;
    if (!isUuid(vmId)) throw new DomainError('VM_NOT_FOUND');
    const show = (id: string): Promise<Vm> => this.changeable.show(actor, id);
    const verb = verbOf(operation, placementGroupId);
    return this.change.commit({ actor, operation, verb, key, input, resourceKind: 'vm', show }, async (tx) => {
      const vm = await this.changeable.lock(tx, actor, 'update', vmId);
      const group = isUuid(placementGroupId) ? await this.groups.lock(tx, placementGroupId) : null;
      if (group?.departmentId !== vm.departmentId) throw new DomainError('PLACEMENT_GROUP_NOT_FOUND');
      await membership(tx, vm.id, group.id);
      return { answer: vm.id, resourceId: vm.id, events: [] };
    });
  }
}

/** No event tells of it, and the audit would not say which group. */
const verbOf = (operation: string, groupId: string): string =>
  isUuid(groupId) ? `${operation}:${groupId}` : operation;
