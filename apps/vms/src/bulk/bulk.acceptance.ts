import { DomainError, isRetryable, type Actor } from '@infinibay/contracts';
import { newServiceContext, runInContext } from '@infinibay/platform-logging';
import { isComingUp, operationKind } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { parametersIn } from '../operations/operation.repository.js';
import { VmChangesService } from '../vm-changes/vm-changes.service.js';
import { isBulkKind } from './bulk.actions.js';
import { isDrain } from './bulk-request.repository.js';
import { BulkResultRepository, type BulkResultKey, type PendingResult } from './bulk-result.repository.js';

/** With growing waits, some minutes. */
const MAX_ATTEMPTS = 12;

/** Asks one VM of a bulk request for what it was asked for. */
@Injectable()
export class BulkAcceptance {
  constructor(
    private readonly results: BulkResultRepository,
    private readonly changes: VmChangesService,
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
    try {
      const { operation } = pending.request;
      const kind = operationKind(operation.kind);
      if (!isBulkKind(kind)) throw new RangeError(`${kind} is no action on VMs that exist`);
      const input = { vmId: pending.vmId, idempotencyKey: keyOf(pending) };
      const accepted = await this.changes.request(actorOf(pending), kind, input, parametersIn(operation.parameters));
      await this.results.markAccepted(key, accepted.operationId);
    } catch (error) {
      if (isNotYet(error) && isDrain(pending.request.operation)) return this.results.wait(key, error);
      if (error instanceof DomainError && !isRetryable(error)) return this.results.markRefused(key, error);
      if ((await this.results.again(key)) < MAX_ATTEMPTS) throw error;
      await this.results.markRefused(key, error instanceof DomainError ? error : new DomainError('INTERNAL'));
    }
  }
}

/** The VM is being made or started. */
const isNotYet = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.code === 'VM_BUSY' && isComingUp(error.details.state);

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
