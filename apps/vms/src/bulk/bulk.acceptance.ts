import { DomainError, isRetryable, type Actor } from '@infinibay/contracts';
import { newServiceContext, runInContext } from '@infinibay/platform-logging';
import {
  mayStay,
  obstacleIn,
  operationKind,
  passesByWaiting,
  type DrainReason,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import { parametersIn } from '../operations/stored-parameters.js';
import { parametersOf } from '../vm-changes/action-arguments.js';
import { VmChangesService, type Accepted, type Alongside } from '../vm-changes/vm-changes.service.js';
import { VmMigrationService } from '../vm-changes/vm-migration.service.js';
import { isBulkKind } from './bulk.actions.js';
import { drainModeOf, isDrain } from './bulk-request.repository.js';
import { BulkResultRepository, type BulkResultKey, type PendingResult } from './bulk-result.repository.js';
import { DrainedVms, NOT_ITS_TURN, type DrainMove, type DrainOfVm } from './drained-vms.js';

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
    private readonly migrations: VmMigrationService,
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
      if (isDrain(operation)) return await this.drain(key, pending, drainOf(pending));
      await this.accept(key, pending, operationKind(operation.kind), parametersIn(operation.parameters));
    } catch (error) {
      if (error instanceof NotWanted) return;
      if (error instanceof DomainError && !isRetryable(error)) return this.results.markRefused(key, error);
      if ((await this.results.again(key)) < MAX_ATTEMPTS) throw error;
      await this.results.markRefused(key, error instanceof DomainError ? error : new DomainError('INTERNAL'));
    }
  }

  /**
   * Looked at first, so that one that is not ready is not asked each time; and again under its lock. What can't be moved is
   * found when that is asked: then it is looked at once more, with what it was refused with.
   */
  private async drain(key: BulkResultKey, pending: PendingResult, drain: DrainOfVm): Promise<void> {
    const move = await this.drained.look(drain);
    if (move.kind !== 'ask') return this.settle(key, drain, move);
    if (move.action === 'MIGRATE_VM' && (await this.results.isLaterThan(key, NOT_ITS_TURN.reason)))
      return this.results.wait(key, NOT_ITS_TURN.reason, 0);
    try {
      await this.askDrained(key, pending, drain, move.action);
    } catch (error) {
      if (error instanceof MovedOn) return this.settle(key, drain, error.move);
      if (move.action !== 'MIGRATE_VM') throw error;
      const obstacle = passesByWaiting(error) ? { code: error.code, message: error.message } : obstacleIn(error);
      if (obstacle === null) throw error;
      if (await this.isWaitedFor(key, drain, error, obstacle)) return;
      await this.drain(key, pending, { ...drain, obstacle });
    }
  }

  /** What moving it was refused with will be over, or may be: for as long as anything that can't be asked is tried. */
  private async isWaitedFor(
    key: BulkResultKey,
    { ageMs }: DrainOfVm,
    error: unknown,
    obstacle: DrainReason,
  ): Promise<boolean> {
    const stays = mayStay(error);
    if (!stays && !passesByWaiting(error)) return false;
    await this.results.wait(key, obstacle, ageMs);
    return !stays || (await this.results.again(key)) < MAX_ATTEMPTS;
  }

  private async askDrained(
    key: BulkResultKey,
    pending: PendingResult,
    drain: DrainOfVm,
    action: OperationKind,
  ): Promise<void> {
    const before = async (tx: Transaction): Promise<void> => {
      const now = await this.drained.lock(tx, drain);
      if (now.kind !== 'ask' || now.action !== action) throw new MovedOn(now);
    };
    const after = async (tx: Transaction): Promise<void> => {
      const instead = action === 'MIGRATE_VM' ? await this.drained.instead(tx, drain) : null;
      if (instead !== null) throw new MovedOn(instead);
    };
    const parameters = action === 'SHUTDOWN_VM' ? parametersOf(action, { ...drain.parameters }) : {};
    await this.accept(key, pending, action, parameters, { before, after });
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
    drained?: Required<Pick<Alongside, 'before' | 'after'>>,
  ): Promise<void> {
    const after = async (tx: Transaction, accepted: Accepted): Promise<void> => {
      await drained?.after(tx, accepted);
      if (!(await this.results.markAccepted(key, accepted.operationId, tx))) throw new NotWanted();
    };
    const alongside = { after, ...(drained === undefined ? {} : { before: drained.before }) };
    const accepted = await this.request(pending, kind, parameters, alongside);
    // Of an older instance, which has written no result with it.
    await this.results.markAccepted(key, accepted.operationId);
  }

  private request(
    pending: PendingResult,
    kind: OperationKind,
    parameters: Parameters,
    alongside: Alongside,
  ): Promise<Accepted> {
    const input = { vmId: pending.vmId, idempotencyKey: keyOf(pending) };
    const actor = actorOf(pending);
    // Of a drain alone: no request on many names hosts.
    if (kind === 'MIGRATE_VM') return this.migrations.migrate(actor, input, alongside);
    if (!isBulkKind(kind)) throw new RangeError(`${kind} is no action on VMs that exist`);
    return this.changes.request(actor, kind, input, parameters, alongside);
  }
}

const drainOf = ({ vmId, ageMs, request: { operation } }: PendingResult): DrainOfVm => {
  const parameters = parametersIn(operation.parameters);
  const mode = drainModeOf(operation.kind, parameters);
  return { vmId, hostId: operation.resourceId, mode, parameters, ageMs, obstacle: null };
};

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
