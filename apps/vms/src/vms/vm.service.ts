import { readableDepartments, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import {
  parseSortedPage,
  sortedPageInfo,
  validateInput,
  type CountedLater,
  type GraphContext,
  type Position,
} from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { toVm } from './vm.mapper.js';
import type { Vm } from './vm.model.js';
import { NEWEST_FIRST, SORT_VALUES, VmCriteria, type VmSort, type VmsArgs } from './vm-list.inputs.js';
import { VmListRepository } from './vm-list.repository.js';
import { VmRepository } from './vm.repository.js';

/** VMs as their readers see them. */
@Injectable()
export class VmService {
  constructor(
    private readonly vms: VmRepository,
    private readonly lists: VmListRepository,
  ) {}

  /** @throws DomainError VM_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<Vm> {
    const row = isUuid(id) ? await this.vms.find(id, readableDepartments(actor)) : null;
    if (row === null) throw new DomainError('VM_NOT_FOUND');
    return toVm(row);
  }

  /**
   * A page of what the actor may see.
   * @param of this department alone
   * @throws DomainError INVALID_INPUT for a size, cursor, filter or text that cannot be
   */
  async list(actor: Actor, args: VmsArgs, of?: string): Promise<CountedLater<Vm>> {
    const sort: VmSort = args.orderBy ?? NEWEST_FIRST;
    const page = parseSortedPage(args, sort, SORT_VALUES[sort.field]);
    const { departmentIds, ...filter } = validateInput(VmCriteria, args.filter ?? {});
    const state = args.state ?? null;
    const criteria = state === null ? filter : { ...filter, states: both(filter.states, [state]) };
    const wanted = [departmentIds, ...[args.departmentId, of].map((id) => (typeof id === 'string' ? [id] : null))];
    const scope = wanted.reduce<DepartmentScope>(narrowed, readableDepartments(actor));
    const positions = await this.lists.positions(scope, criteria, sort, page);
    return {
      nodes: await this.inOrder(positions.slice(0, page.first), scope),
      count: () => this.lists.count(scope, criteria),
      pageInfo: sortedPageInfo(positions, page, sort),
    };
  }

  /** Ids of what the actor may see and a filter matches, newest first, `most` at most. */
  async matching(actor: Actor, { departmentIds, ...criteria }: VmCriteria, most: number): Promise<string[]> {
    const scope = narrowed(readableDepartments(actor), departmentIds);
    const page = { first: most - 1, after: undefined };
    return (await this.lists.positions(scope, criteria, NEWEST_FIRST, page)).map(({ id }) => id);
  }

  /** One that was deleted since its place was read is left out. */
  private async inOrder(positions: readonly Position[], scope: DepartmentScope): Promise<Vm[]> {
    const ids = positions.map(({ id }) => id);
    const found = new Map((await this.vms.findMany(ids, scope)).map((row) => [row.id, row]));
    return ids.flatMap((id) => {
      const row = found.get(id);
      return row === undefined ? [] : [toVm(row)];
    });
  }

  loader(graph: GraphContext): DataLoader<string, Vm | null> {
    return graph.loader<Vm>('vm', async (ids, actor) => {
      const rows = await this.vms.findMany(onlyUuids(ids), readableDepartments(actor));
      return new Map(rows.map((row) => [row.id, toVm(row)]));
    });
  }
}

const both = <T>(some: readonly T[] | null, others: readonly T[]): T[] =>
  others.filter((one) => some === null || some.includes(one));

/** Of the scope what is also among the departments; ids that are no UUIDs are none. */
const narrowed = (scope: DepartmentScope, departmentIds: readonly string[] | null): DepartmentScope =>
  departmentIds === null
    ? scope
    : { all: false, departmentIds: both(scope.all ? null : scope.departmentIds, onlyUuids(departmentIds)) };
