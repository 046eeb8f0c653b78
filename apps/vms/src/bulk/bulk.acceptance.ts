import { DomainError, isRetryable, type Actor } from '@infinibay/contracts';
import { newServiceContext, runInContext } from '@infinibay/platform-logging';
import { operationKind, type OperationKind, type Parameters } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { parametersIn } from '../operations/operation.repository.js';
import { VmChangesService } from '../vm-changes/vm-changes.service.js';
import { isBulkKind } from './bulk.actions.js';
import { isDrain } from './bulk-request.repository.js';
import { BulkResultRepository, type BulkResultKey, type PendingResult } from './bulk-result.repository.js';
import { DrainedVms, type DrainMove, type DrainOfVm } from './drained-vms.js';

/** With growing waits, some minutes. */
const MAX_ATTEMPTS = 12;

/** Nobody wants it to be asked any more. */
class NotWanted extends Error {}

/** It has moved on since it was looked at. */
class MovedOn extends Error {
  constructor(readonly move: DrainMove) {
    super('the virtual machine has moved on');
  }
}

/** Asks one VM of a bulk request for what it was asked for. */
@Injectable()
export class BulkAcceptance {
  constructor(
    private readonly results: BulkResultRepository,
    private readonly changes: VmChangesService,
    private readonly drained: DrainedVms,
  ) {}

  /** As if its requester had asked for it alone. Whatever is interrupted is asked again by the same key, and acts once. */
  async work(key: BulkResultKey): Promise<void> {
    const pending = await this.results.findPending(key);
    if (pending === null) return;
    const { actorId, correlationId } = pending.request.operation;
    const context = { ...newServiceContext(correlationId), actor: { kind: 'user', id: actorId } as const };
    await runInContext(context, () => this.ask(key, pending));
  }

  private async ask(key: BulkResultKey, pending: PendingResult): Promise<void> {
    const { operation } = pending.request;
    try {
      if (isDrain(operation)) return await this.drain(key, pending);
      await this.accept(key, pending, operationKind(operation.kind), parametersIn(operation.parameters));
    } catch (error) {
      if (error instanceof NotWanted) return;
      if (error instanceof DomainError && !isRetryable(error)) return this.results.markRefused(key, error);
      if ((await this.results.again(key)) < MAX_ATTEMPTS) throw error;
      await this.results.markRefused(key, error instanceof DomainError ? error : new DomainError('INTERNAL'));
    }
  }

  /** Looked at first, so that one that is not ready is not asked each time; and again under its lock. */
  private async drain(key: BulkResultKey, pending: PendingResult): Promise<void> {
    const parameters = parametersIn(pending.request.operation.parameters);
    const drain = { vmId: pending.vmId, parameters, ageMs: pending.ageMs };
    const move = await this.drained.look(drain);
    if (move.kind !== 'ask') return this.settle(key, drain, move);
    const isStill = async (tx: Transaction): Promise<void> => {
      const now = await this.drained.lock(tx, drain);
      if (now.kind !== 'ask' || now.action !== move.action) throw new MovedOn(now);
    };
    try {
      await this.accept(key, pending, move.action, move.action === 'SHUTDOWN_VM' ? parameters : {}, isStill);
    } catch (error) {
      if (!(error instanceof MovedOn)) throw error;
      await this.settle(key, drain, error.move);
    }
  }

  private async settle(key: BulkResultKey, { ageMs }: DrainOfVm, move: DrainMove): Promise<void> {
    switch (move.kind) {
      case 'done':
        return this.results.markSucceeded(key);
      case 'asked':
        await this.results.markAccepted(key, move.operationId);
        return;
      case 'refuse':
        return this.results.markRefused(key, move.reason);
      case 'wait':
        return this.results.wait(key, move.reason, ageMs);
      case 'ask':
        // Something else is to be asked of it than before: when it is looked at next.
        return this.results.wait(key, { code: 'VM_BUSY', message: 'The virtual machine has moved on' }, 0);
    }
  }

  /** The result is written with what it says was accepted: who takes the place of the request meanwhile has done so, or waits. */
  private async accept(
    key: BulkResultKey,
    pending: PendingResult,
    kind: OperationKind,
    parameters: Parameters,
    before?: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    if (!isBulkKind(kind)) throw new RangeError(`${kind} is no action on VMs that exist`);
    const after = async (tx: Transaction, { operationId }: { readonly operationId: string }): Promise<void> => {
      if (!(await this.results.markAccepted(key, operationId, tx))) throw new NotWanted();
    };
    const input = { vmId: pending.vmId, idempotencyKey: keyOf(pending) };
    const accepted = await this.changes.request(actorOf(pending), kind, input, parameters, {
      after,
      ...(before === undefined ? {} : { before }),
    });
    // Of an older instance, which has written no result with it.
    await this.results.markAccepted(key, accepted.operationId);
  }
}

/** Nobody can have used it before: it holds the id of the request. */
const keyOf = ({ operationId, position }: PendingResult): string => `bulk:${operationId}:${String(position)}`;

/**
 * Who asked, with the rights of then, for the department that the VM was of then: a VM that has gone to another one since is not
 * found.
 */
const actorOf = ({ departmentId, request }: PendingResult): Actor => ({
  userId: request.operation.actorId,
  // There is no session any more; nothing that is asked of VMs depends on it.
  sessionId: request.operationId,
  role: request.actorRole === 'ADMIN' ? 'ADMIN' : 'USER',
  departmentIds: departmentId === null ? [] : [departmentId],
});
