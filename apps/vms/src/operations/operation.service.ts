import { readableDepartments, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import {
  connectionOf,
  parsePage,
  validateInput,
  type CountedLater,
  type GraphContext,
  type PageArgs,
} from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { OperationFilter } from './operation.inputs.js';
import { toOperation } from './operation.mapper.js';
import type { Operation } from './operation.model.js';
import { OperationRepository } from './operation.repository.js';

/** Those of the departments that the actor may see, and the actor's own on VMs of several: they stand under the user's id. */
export const visibleOperations = (actor: Actor): DepartmentScope => {
  const scope = readableDepartments(actor);
  return scope.all ? scope : { all: false, departmentIds: [...scope.departmentIds, actor.userId] };
};

/** Operations as their readers see them. */
@Injectable()
export class OperationService {
  constructor(private readonly operations: OperationRepository) {}

  /** @throws DomainError OPERATION_NOT_FOUND */
  async get(actor: Actor, id: string): Promise<Operation> {
    const row = isUuid(id) ? await this.operations.find(id, visibleOperations(actor)) : null;
    if (row === null) throw new DomainError('OPERATION_NOT_FOUND');
    return toOperation(row);
  }

  /** Newest first. An id that nothing can have matches nothing. @throws DomainError INVALID_INPUT */
  async page(actor: Actor, args: PageArgs, rawFilter: unknown): Promise<CountedLater<Operation>> {
    const page = parsePage(args);
    const filter = validateInput(OperationFilter, rawFilter ?? {});
    const { departmentId, resourceId, requestedById } = filter;
    const ids = [departmentId, resourceId, requestedById].filter((id) => id !== null);
    const scope = visibleOperations(actor);
    const isPossible = ids.every(isUuid);
    const rows = isPossible ? await this.operations.page(scope, filter, page) : [];
    const { nodes, pageInfo } = connectionOf(rows.map(toOperation), page, 0);
    return { nodes, pageInfo, count: async () => (isPossible ? this.operations.count(scope, filter) : 0) };
  }

  loader(graph: GraphContext): DataLoader<string, Operation | null> {
    return graph.loader<Operation>('operation', async (ids, actor) => {
      const rows = await this.operations.findMany(onlyUuids(ids), visibleOperations(actor));
      return new Map(rows.map((row) => [row.id, toOperation(row)]));
    });
  }
}
