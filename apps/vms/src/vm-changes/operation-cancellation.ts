import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change } from '../database.js';
import { mayBeCancelled, type OperationRow } from '../operations/operation.mapper.js';
import type { Operation } from '../operations/operation.model.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { OperationService, visibleOperations } from '../operations/operation.service.js';
import { CancelledResource } from './cancelled-resource.js';
import { VmChangesService } from './vm-changes.service.js';
import { CancelOperation } from './vm-migration.inputs.js';

/** Operations that somebody takes back. What is undone for that is the worker's, who also says how it came out. */
@Injectable()
export class OperationCancellation {
  constructor(
    private readonly change: Change,
    private readonly operations: OperationRepository,
    private readonly shown: OperationService,
    private readonly resource: CancelledResource,
    private readonly changes: VmChangesService,
  ) {}

  /** @throws DomainError INVALID_INPUT, OPERATION_NOT_FOUND, FORBIDDEN, OPERATION_NOT_CANCELLABLE */
  cancel(actor: Actor, rawInput: unknown): Promise<Operation> {
    const { idempotencyKey: key, operationId } = validateInput(CancelOperation, rawInput);
    const prepare = (): Promise<OperationRow> => this.find(actor, operationId);
    const show = ({ id }: { readonly id: string }): Promise<Operation> => this.shown.get(actor, id);
    const wake = (): void => {
      this.changes.wake();
    };
    const input = { operationId };
    const asked = { actor, key, operation: 'cancelOperation', input, resourceKind: 'operation', prepare, show, wake };
    return this.change.commit(asked, async (tx, row) => {
      const { id, status, kind } = row;
      if (!(await this.resource.lock(tx, row)) || !(await this.operations.requestCancel(tx, id)))
        throw new DomainError('OPERATION_NOT_CANCELLABLE', { status, kind });
      await this.resource.makeDue(tx, row);
      return { answer: { id }, resourceId: id, events: [] };
    });
  }

  private async find(actor: Actor, id: string): Promise<OperationRow> {
    const row = isUuid(id) ? await this.operations.find(id, visibleOperations(actor)) : null;
    if (row === null) throw new DomainError('OPERATION_NOT_FOUND');
    const { departmentId, actorId, status, kind } = row;
    const isTheirs = actorId === actor.userId || can(actor, 'administer', { kind: 'operation', departmentId });
    if (!isTheirs) throw new DomainError('FORBIDDEN');
    if (!mayBeCancelled(row)) throw new DomainError('OPERATION_NOT_CANCELLABLE', { status, kind });
    return row;
  }
}
