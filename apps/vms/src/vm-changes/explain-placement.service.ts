import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import {
  placeInTurn,
  refusedPlacement,
  type Decision,
  type HostCandidate,
  type PlacementRequest,
  type PlacementSettings,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { GroupMemberRepository } from '../placement-groups/group-member.repository.js';
import { PLACEMENT_SETTINGS } from '../placement/placement-settings.js';
import { toPlacement, type ExplainedVm } from '../placement/placement.model.js';
import { recordOf } from '../placement/placement.record.js';
import { CopyingFleet } from './copying-fleet.js';
import { ExplainPlacement } from './explain-placement.inputs.js';
import type { PlannedVm } from './vm.inputs.js';
import { VmPlacement, requestOf } from './vm.placement.js';

/** What is asked of the fleet, or why it isn't. */
type Question = PlacementRequest | DomainError;
const isRequest = (question: Question): question is PlacementRequest => !(question instanceof DomainError);

/** Says where VMs would go. Nothing is written, and no create waits for it. */
@Injectable()
export class ExplainPlacementService {
  constructor(
    private readonly fleet: CopyingFleet,
    private readonly placement: VmPlacement,
    private readonly members: GroupMemberRepository,
    @Inject(PLACEMENT_SETTINGS) private readonly settings: PlacementSettings,
  ) {}

  /**
   * One answer for each VM, in the order asked. What is wrong with one VM is said with that VM.
   * @throws DomainError INVALID_INPUT
   */
  async explain(actor: Actor, rawInput: unknown): Promise<ExplainedVm[]> {
    const { vms } = validateInput(ExplainPlacement, rawInput);
    const { questions, hosts } = await this.fleet.picture(async (tx) => {
      const asked: Question[] = [];
      for (const vm of vms) asked.push(await this.questionOf(tx, actor, vm));
      const imageIds = asked.filter(isRequest).map(({ imageId }) => imageId);
      return { questions: asked, hosts: await this.fleet.candidates(tx, [...new Set(imageIds)]) };
    });
    const requests = questions.filter(isRequest);
    const decisions = placeInTurn(hosts, requests, this.settings);
    const decisionOf = new Map(requests.map((request, index) => [request, decisions[index]]));
    return vms.map(({ name }, index) => {
      const question = questions[index];
      if (question === undefined || question instanceof DomainError) return refused(name, question);
      const decision = decisionOf.get(question);
      return decision === undefined ? refused(name, undefined) : this.show(actor, name, question, decision, hosts);
    });
  }

  private async questionOf(tx: Transaction, actor: Actor, vm: PlannedVm): Promise<Question> {
    const { departmentId } = vm;
    if (!isUuid(departmentId) || !can(actor, 'create', { kind: 'vm', departmentId }))
      return new DomainError('DEPARTMENT_NOT_FOUND');
    try {
      const wanted = await this.placement.wanted(tx, vm);
      return requestOf(wanted, vm, await this.members.named(tx, departmentId, vm.placementGroupIds ?? []));
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  }

  private show(
    actor: Actor,
    name: string,
    request: PlacementRequest,
    decision: Decision,
    hosts: readonly HostCandidate[],
  ): ExplainedVm {
    const { hostId } = decision;
    const error = hostId === null ? refusedPlacement(decision, hosts, request, this.settings) : null;
    return {
      name,
      hostId,
      error: error === null ? null : { code: error.code, message: error.message },
      placement: toPlacement(recordOf(decision, null), actor),
    };
  }
}

const refused = (name: string, error: DomainError = new DomainError('INTERNAL')): ExplainedVm => ({
  name,
  hostId: null,
  error: { code: error.code, message: error.message },
  placement: null,
});
