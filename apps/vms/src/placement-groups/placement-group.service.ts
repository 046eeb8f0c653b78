import { can, readableDepartments, type Verb } from '@infinibay/access-domain';
import { DomainError, type Actor, type ErrorCode } from '@infinibay/contracts';
import {
  connectionOf,
  parsePage,
  validateInput,
  type CountedLater,
  type GraphContext,
} from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { Change, type Transaction } from '../database.js';
import type { PlacementGroup as GroupRow } from '../generated/prisma/client.js';
import { KnownDepartments } from '../departments/known-departments.js';
import { GroupMemberRepository, type MemberPlace } from './group-member.repository.js';
import {
  CreatePlacementGroup,
  DeletePlacementGroup,
  RenamePlacementGroup,
  type PlacementGroupsArgs,
} from './placement-group.inputs.js';
import type { PlacementGroup } from './placement-group.model.js';
import { PlacementGroupRepository } from './placement-group.repository.js';

/** What a mutation answers; also what a repeated call gets, when the group is gone by then. */
interface GroupFacts extends Pick<GroupRow, 'id' | 'departmentId' | 'name' | 'policy' | 'strictness'> {
  readonly createdAt: string;
}

interface Asked {
  readonly actor: Actor;
  /** The mutation, and what it does to a group. */
  readonly operation: string;
  readonly verb: Verb;
  readonly key: string;
  readonly input: unknown;
  readonly prepare?: () => Promise<void>;
}

/** Groups of VMs, which members of their department make, rename and delete. */
@Injectable()
export class PlacementGroupService {
  constructor(
    private readonly change: Change,
    private readonly groups: PlacementGroupRepository,
    private readonly members: GroupMemberRepository,
    private readonly departments: KnownDepartments,
  ) {}

  /** @throws DomainError PLACEMENT_GROUP_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<PlacementGroup> {
    const row = isUuid(id) ? await this.groups.find(id, readableDepartments(actor)) : null;
    if (row === null) throw new DomainError('PLACEMENT_GROUP_NOT_FOUND');
    return toPlacementGroup(row);
  }

  /** Newest first. An id that nothing can have matches nothing. @throws DomainError INVALID_INPUT */
  async page(actor: Actor, args: PlacementGroupsArgs): Promise<CountedLater<PlacementGroup>> {
    const page = parsePage(args);
    const departmentId = args.departmentId ?? null;
    const isPossible = departmentId === null || isUuid(departmentId);
    const scope = readableDepartments(actor);
    const rows = isPossible ? await this.groups.page(scope, departmentId, page) : [];
    const { nodes, pageInfo } = connectionOf(rows.map(toPlacementGroup), page, 0);
    return { nodes, pageInfo, count: async () => (isPossible ? this.groups.count(scope, departmentId) : 0) };
  }

  /** By the ids of VMs. */
  ofVm(graph: GraphContext): DataLoader<string, PlacementGroup[] | null> {
    return graph.loader<PlacementGroup[]>('placement-groups-of-vm', async (vmIds, actor) => {
      const rows = await this.groups.ofVms(onlyUuids(vmIds), readableDepartments(actor));
      return new Map([...rows].map(([vmId, groups]) => [vmId, groups.map(toPlacementGroup)]));
    });
  }

  /** By the ids of groups that the reader may see. */
  places(graph: GraphContext): DataLoader<string, MemberPlace[] | null> {
    return graph.loader<MemberPlace[]>('places-of-placement-group', (ids) => this.members.places(ids));
  }

  /** @throws DomainError INVALID_INPUT, DEPARTMENT_NOT_FOUND, NAME_TAKEN, TOO_MANY_PLACEMENT_GROUPS */
  create(actor: Actor, rawInput: unknown): Promise<PlacementGroup> {
    const { idempotencyKey: key, ...input } = validateInput(CreatePlacementGroup, rawInput);
    // Within the commit, so that an attempt is found in the audit.
    const prepare = async (): Promise<void> => {
      requireRight(actor, 'create', input.departmentId, 'DEPARTMENT_NOT_FOUND');
      await this.departments.require(actor, input.departmentId);
    };
    const asked = { actor, key, input, prepare, operation: 'createPlacementGroup', verb: 'create' } as const;
    return this.commit(asked, (tx) => this.groups.create(tx, input));
  }

  /** @throws DomainError INVALID_INPUT, PLACEMENT_GROUP_NOT_FOUND, NAME_TAKEN */
  rename(actor: Actor, rawInput: unknown): Promise<PlacementGroup> {
    const { idempotencyKey: key, ...input } = validateInput(RenamePlacementGroup, rawInput);
    const asked = { actor, key, input, operation: 'renamePlacementGroup', verb: 'update' } as const;
    return this.commit(asked, async (tx) => {
      const { id } = await this.lock(tx, actor, 'update', input.placementGroupId);
      return this.groups.rename(tx, id, input.name);
    });
  }

  /** Its VMs stay as they are. @throws DomainError INVALID_INPUT, PLACEMENT_GROUP_NOT_FOUND */
  delete(actor: Actor, rawInput: unknown): Promise<PlacementGroup> {
    const { idempotencyKey: key, ...input } = validateInput(DeletePlacementGroup, rawInput);
    const asked = { actor, key, input, operation: 'deletePlacementGroup', verb: 'delete' } as const;
    return this.commit(asked, async (tx) => {
      const row = await this.lock(tx, actor, 'delete', input.placementGroupId);
      await this.groups.delete(tx, row.id);
      return row;
    });
  }

  /** @throws DomainError PLACEMENT_GROUP_NOT_FOUND */
  private async lock(tx: Transaction, actor: Actor, verb: Verb, id: string): Promise<GroupRow> {
    const row = isUuid(id) ? await this.groups.lock(tx, id) : null;
    if (row === null) throw new DomainError('PLACEMENT_GROUP_NOT_FOUND');
    requireRight(actor, verb, row.departmentId, 'PLACEMENT_GROUP_NOT_FOUND');
    return row;
  }

  /** Who may not do it any more hears of a repeated call that there is no such group. */
  private commit(
    { verb, operation, ...asked }: Asked,
    work: (tx: Transaction) => Promise<GroupRow>,
  ): Promise<PlacementGroup> {
    const show = (facts: GroupFacts): PlacementGroup => {
      requireRight(asked.actor, verb, facts.departmentId, 'PLACEMENT_GROUP_NOT_FOUND');
      return toPlacementGroup({ ...facts, createdAt: new Date(facts.createdAt) });
    };
    return this.change.commit({ ...asked, operation, resourceKind: 'placement-group', show }, async (tx) => {
      const row = await work(tx);
      return { answer: toFacts(row), resourceId: row.id, events: [] };
    });
  }
}

const requireRight = (actor: Actor, verb: Verb, departmentId: string, missing: ErrorCode): void => {
  if (!can(actor, verb, { kind: 'placement-group', departmentId })) throw new DomainError(missing);
};

const toFacts = ({ id, departmentId, name, policy, strictness, createdAt }: GroupRow): GroupFacts => ({
  id,
  departmentId,
  name,
  policy,
  strictness,
  createdAt: createdAt.toISOString(),
});

const toPlacementGroup = ({
  id,
  departmentId,
  name,
  policy,
  strictness,
  createdAt,
}: Omit<GroupRow, 'nameKey'>): PlacementGroup => ({ id, departmentId, name, policy, strictness, createdAt });
