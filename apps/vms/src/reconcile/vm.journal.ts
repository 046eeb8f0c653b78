import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { appendToOutbox, databaseNow } from '@infinibay/platform-persistence';
import { backoffMs, settledState, type Action, type DesiredState } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Vm } from '../generated/prisma/client.js';
import { withSteps } from '../operations/operation.mapper.js';
import { OperationRepository, operationEvent } from '../operations/operation.repository.js';
import { deletedEvent, stateEvent } from '../vms/vm.events.js';
import { ClaimRepository, type Claim } from './claim.repository.js';

type StepChange = Prisma.OperationStepUpdateManyMutationInput;

const RELEASED = { leaseOwner: null, leaseUntil: null } as const;

/** Writes what the worker does into the VM, its operation and the outbox, each time in one fenced transaction. */
@Injectable()
export class VmJournal {
  constructor(
    private readonly database: PrismaClient,
    private readonly claims: ClaimRepository,
    private readonly operations: OperationRepository,
    private readonly outbox: OutboxRelayHolder,
  ) {}

  /** The VM as it is now; STALE_FENCE when another worker has it. */
  async read(claim: Claim): Promise<Vm> {
    const vm = await this.database.vm.findUnique({ where: { id: claim.vmId } });
    if (vm?.fence !== claim.fence) throw new DomainError('STALE_FENCE', { vmId: claim.vmId });
    return vm;
  }

  stepStarted(claim: Claim, action: Action): Promise<void> {
    return this.onStep(claim, action, (now) => ({
      status: 'RUNNING',
      startedAt: now,
      attempts: { increment: 1 },
      errorCode: null,
    }));
  }

  stepSucceeded(claim: Claim, action: Action): Promise<void> {
    return this.onStep(claim, action, (now) => ({ status: 'SUCCEEDED', finishedAt: now }));
  }

  /** The desired state is reached: the VM shows it, its operation ends, the lease is given back. */
  settle(claim: Claim, desired: DesiredState): Promise<void> {
    return this.write(claim, async (tx, vm, now) => {
      // A request that came meanwhile changed the wish: it stays due.
      if (vm.desired !== desired) {
        await tx.vm.update({ where: { id: vm.id }, data: RELEASED });
        return [];
      }
      const state = settledState(desired);
      const gone = desired === 'DELETED';
      await tx.vm.update({
        where: { id: vm.id },
        data: {
          ...RELEASED,
          state,
          reconcileAt: null,
          failedAttempts: 0,
          errorCode: null,
          errorMessage: null,
          ...(state === 'RUNNING' ? {} : { guestReadyAt: null }),
          ...(gone ? { activeName: null, deletedAt: vm.deletedAt ?? now } : {}),
        },
      });
      const ended = await this.operations.closeOpen(tx, vm.id, 'SUCCEEDED');
      if (vm.state === state) return ended;
      return [stateEvent(vm, state, null), ...(gone ? [deletedEvent(vm)] : []), ...ended];
    });
  }

  /** Gives the lease back and comes again later. */
  postpone(claim: Claim, afterMs: number): Promise<void> {
    return this.write(claim, async (tx, vm, now) => {
      await tx.vm.update({
        where: { id: vm.id },
        data: { ...RELEASED, reconcileAt: new Date(now.getTime() + afterMs) },
      });
      return [];
    });
  }

  /** The failure of an action: tried again with growing waits. @returns the wait in milliseconds */
  async retryLater(claim: Claim, action: Action | null, error: DomainError): Promise<number> {
    let waitMs = 0;
    await this.write(claim, async (tx, vm, now) => {
      const failedAttempts = vm.failedAttempts + 1;
      waitMs = backoffMs(failedAttempts);
      await tx.vm.update({
        where: { id: vm.id },
        data: { ...RELEASED, failedAttempts, reconcileAt: new Date(now.getTime() + waitMs) },
      });
      return action === null ? [] : this.markStep(tx, vm.id, action, { status: 'PENDING', errorCode: error.code });
    });
    return waitMs;
  }

  /** A failure that trying again cannot mend: the VM shows ERROR with the reason until somebody acts. */
  fail(claim: Claim, action: Action | null, error: DomainError): Promise<void> {
    return this.write(claim, async (tx, vm) => {
      const failure = { code: error.code, message: error.message };
      const stepped =
        action === null ? [] : await this.markStep(tx, vm.id, action, { status: 'FAILED', errorCode: error.code });
      await tx.vm.update({
        where: { id: vm.id },
        data: {
          ...RELEASED,
          state: 'ERROR',
          reconcileAt: null,
          errorCode: failure.code,
          errorMessage: failure.message,
        },
      });
      const ended = await this.operations.closeOpen(tx, vm.id, 'FAILED', failure);
      return [...stepped, ...(vm.state === 'ERROR' ? [] : [stateEvent(vm, 'ERROR', error.code)]), ...ended];
    });
  }

  /** The guest did not power off: the operation fails, the VM goes on running and is not in error. */
  abandonShutdown(claim: Claim, error: DomainError): Promise<void> {
    return this.write(claim, async (tx, vm) => {
      const failure = { code: error.code, message: error.message };
      const stepped = await this.markStep(tx, vm.id, 'shutdown', { status: 'FAILED', errorCode: error.code });
      await tx.vm.update({
        where: { id: vm.id },
        data: { ...RELEASED, state: 'RUNNING', desired: 'RUNNING', reconcileAt: null },
      });
      return [
        ...stepped,
        stateEvent(vm, 'RUNNING', error.code),
        ...(await this.operations.closeOpen(tx, vm.id, 'FAILED', failure)),
      ];
    });
  }

  /** The power state moved although nobody asked us: the VM shows it, and wants it from now on when `desired` is given. */
  show(claim: Claim, state: Vm['state'], reason: string, desired?: DesiredState): Promise<void> {
    return this.write(claim, async (tx, vm) => {
      await tx.vm.update({
        where: { id: vm.id },
        data: { state, guestReadyAt: null, ...(desired === undefined ? {} : { desired }) },
      });
      return vm.state === state ? [] : [stateEvent(vm, state, reason)];
    });
  }

  private onStep(claim: Claim, action: Action, changeAt: (now: Date) => StepChange): Promise<void> {
    return this.write(claim, (tx, vm, now) => this.markStep(tx, vm.id, action, changeAt(now)));
  }

  private async markStep(tx: Transaction, vmId: string, action: Action, change: StepChange): Promise<EventEnvelope[]> {
    const open = await tx.operation.findFirst({
      where: { vmId, status: { in: ['PENDING', 'RUNNING'] } },
      orderBy: { createdAt: 'desc' },
      select: { id: true, startedAt: true },
    });
    if (open === null) return [];
    await tx.operationStep.updateMany({ where: { operationId: open.id, name: action }, data: change });
    const row = await tx.operation.update({
      where: { id: open.id },
      data: { status: 'RUNNING', startedAt: open.startedAt ?? (await databaseNow(tx)) },
      include: withSteps,
    });
    return [operationEvent(row)];
  }

  private async write(
    claim: Claim,
    change: (tx: Transaction, vm: Vm, now: Date) => Promise<EventEnvelope[]>,
  ): Promise<void> {
    await this.database.$transaction(async (tx) => {
      const vm = await this.claims.lock(tx, claim);
      await appendToOutbox(tx, await change(tx, vm, await databaseNow(tx)));
    });
    this.outbox.notify();
  }
}
