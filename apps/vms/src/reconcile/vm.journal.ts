import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import {
  LOOK_AGAIN_MS,
  backoffMs,
  desiredState,
  isDiskProblem,
  isPausedForNow,
  isRetry,
  isSpecChange,
  settledState,
  taskOf,
  type DesiredState,
  type OperationKind,
  type Step,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Preparation } from '../actions/step.js';
import { Change, type Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { unheard } from '../vms/guest-heard.js';
import { foundColumns, givenBack, savedColumns } from '../vms/saved-memory.js';
import { sizesAtRest, type Rest } from '../vms/vm-spec.js';
import { deletedEvent, stateEvents } from '../vms/vm.events.js';
import { VmRepository } from '../vms/vm.repository.js';
import { ClaimRepository, type Claim } from './claim.repository.js';
import { isOvertaken, isToSettleIn, type Reading } from './reading.js';
import { StepEffects } from './step.effects.js';
import { VmParts } from './vm-parts.js';

const later = (now: Date, waitMs: number): Date => new Date(now.getTime() + waitMs);

/** libvirt's word for what a person stopped. */
const SUSPENDED = 'user';

/** It stands still for a reason that passes: it is looked at again until it has. */
const runsOnByItself = (pauseReason: string | null): boolean => pauseReason !== null && isPausedForNow(pauseReason);

/** A disk that must not be used may be put back by a person; any other error stays until somebody acts. */
const dueInError = ({ state, errorCode }: Vm, now: Date): Date | null =>
  state === 'ERROR' && errorCode !== null && isDiskProblem(errorCode) ? later(now, LOOK_AGAIN_MS) : null;

const RELEASED = { leaseOwner: null, leaseUntil: null } as const;
/** It was in error until now, or was not. */
const SOUND = { errorCode: null, errorMessage: null } as const;

/** What has come about with a guest that stands still, and lets it do so. */
const endsPaused = (kind: OperationKind): boolean => isSpecChange(kind) || taskOf(kind)?.keepsPause === true;

/** Writes what the worker does into the VM, its operation and the outbox, each time in one fenced transaction. */
@Injectable()
export class VmJournal {
  constructor(
    private readonly change: Change,
    private readonly vms: VmRepository,
    private readonly claims: ClaimRepository,
    private readonly operations: OperationRepository,
    private readonly parts: VmParts,
    private readonly effects: StepEffects,
  ) {}

  /** The VM as it is now, and what is asked of it; STALE_FENCE when another worker has it. */
  async read(claim: Claim): Promise<Reading> {
    const vm = await this.vms.findRow(claim.vmId);
    if (vm?.fence !== claim.fence) throw new DomainError('STALE_FENCE', { vmId: claim.vmId });
    const open = await this.operations.open(claim.vmId);
    // After it: what it says of volumes is seen then, and who asks for something meanwhile is noticed at the end.
    const isImageMissing = await this.parts.isImageMissing(vm, open);
    return { vm, open, isImageMissing, ...(await this.parts.ofVm(claim.vmId)) };
  }

  stepStarted(claim: Claim, step: Step): Promise<void> {
    return this.write(claim, async (tx, vm, now) => {
      // Nobody knew when it was asked for.
      if (step === 'bring-image') await this.operations.addStep(tx, vm.id, step);
      const begun = { status: 'RUNNING', startedAt: now, attempts: { increment: 1 }, errorCode: null } as const;
      return this.operations.markStep(tx, vm.id, step, begun);
    });
  }

  /** With what the step brought about. @throws DomainError what StepEffects throws */
  stepSucceeded(claim: Claim, reading: Reading, step: Step, preparation: Preparation): Promise<void> {
    return this.write(claim, async (tx, vm, now) => {
      const told = await this.effects.record(tx, vm, reading, step, preparation, now);
      return [...told, ...(await this.operations.markStep(tx, vm.id, step, { status: 'SUCCEEDED', finishedAt: now }))];
    });
  }

  /** Whatever becomes of the start that it was thrown away for. */
  memoryDiscarded(claim: Claim): Promise<void> {
    return this.write(claim, async (tx, vm, now) => {
      await this.vms.update(tx, vm.id, savedColumns('discarded', vm, now));
      return [];
    });
  }

  /** A step that has not come about yet has moved some volumes or ports, removed some snapshots, or copied some of a disk. */
  stepMoved(claim: Claim, reading: Reading, step: Step, preparation: Preparation): Promise<void> {
    return this.write(claim, async (tx, vm) => {
      const told = await this.effects.recordPart(tx, vm, reading, step, preparation);
      const { copiedPercent } = preparation;
      const copied = copiedPercent === undefined ? [] : await this.operations.showProgress(tx, vm.id, copiedPercent);
      return [...copied, ...told];
    });
  }

  /** The desired state is reached: the VM shows it, its operation ends, the lease is given back. */
  settle(claim: Claim, reading: Reading, rest: Rest): Promise<void> {
    const desired = desiredState(reading.vm.desired);
    return this.end(claim, reading, async (tx, vm, now) => {
      const state = settledState(desired);
      const gone = desired === 'DELETED';
      // Whatever stopped it first: it stands still because somebody wants it to.
      const pauseReason = state === 'PAUSED' ? SUSPENDED : null;
      const saved = foundColumns(rest.isSaved, vm, now);
      const found = { ...vm, ...saved };
      const sizes = gone ? {} : sizesAtRest(found, rest);
      // What was asked for may have been overtaken by what is settled now.
      const isRestless = !gone && (isOvertaken({ ...vm, ...sizes }, reading) || (await this.hasLeftovers(tx, found)));
      await this.vms.update(tx, vm.id, {
        ...RELEASED,
        state,
        reconcileAt: isRestless ? now : null,
        failedAttempts: 0,
        ...SOUND,
        pauseReason,
        ...sizes,
        ...saved,
        ...givenBack(found),
        ...(state === 'RUNNING' || state === 'PAUSED' ? {} : unheard(vm, reading.vm)),
        ...(gone ? { activeName: null, deletedAt: vm.deletedAt ?? now } : {}),
      });
      const ended = await this.operations.closeOpen(tx, vm.id, 'SUCCEEDED');
      const deleted = gone && vm.state !== state ? [deletedEvent(vm)] : [];
      return [...stateEvents(vm, state, pauseReason), ...deleted, ...ended];
    });
  }

  /** A task was done to a VM in error, which it stays. */
  endInError(claim: Claim, reading: Reading): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      await this.vms.update(tx, vm.id, { ...RELEASED, failedAttempts: 0, reconcileAt: dueInError(vm, now) });
      return this.operations.closeOpen(tx, vm.id, 'SUCCEEDED');
    });
  }

  /** Gives the lease back and comes again later. */
  postpone(claim: Claim, reading: Reading, afterMs: number): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      await this.vms.update(tx, vm.id, { ...RELEASED, reconcileAt: later(now, afterMs) });
      return [];
    });
  }

  /**
   * The disk must not be used: the VM shows ERROR and is looked at again and again, for a person may put it back.
   * Who asked for a start is told that it failed; who asked for the power to go off got it.
   */
  block(claim: Claim, reading: Reading, error: DomainError): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      const failure = { code: error.code, message: error.message };
      await this.vms.update(tx, vm.id, {
        ...RELEASED,
        state: 'ERROR',
        reconcileAt: later(now, LOOK_AGAIN_MS),
        failedAttempts: 0,
        errorCode: failure.code,
        errorMessage: failure.message,
        pauseReason: null,
      });
      // A task that could not be begun did not come about, nor did a retry, whatever the VM is wished to be.
      const { open } = reading;
      const isTask = open !== null && (taskOf(open.does) !== null || isSpecChange(open.kind) || isRetry(open.kind));
      const ended =
        vm.desired === 'RUNNING' || isTask
          ? await this.failOpen(tx, reading, failure)
          : await this.operations.closeOpen(tx, vm.id, 'SUCCEEDED');
      return [...stateEvents(vm, 'ERROR', error.code), ...ended];
    });
  }

  /**
   * It stands still, and that is shown.
   * @param again whether to try by ourselves to let it run on, with growing waits
   * @param failure of who asked for it to run
   * @param rest when nothing is left to be done: who asked for what leaves it standing still got that
   */
  showPaused(
    claim: Claim,
    reading: Reading,
    reason: string,
    again: boolean,
    failure?: DomainError,
    rest?: Rest,
  ): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      const failedAttempts = again ? vm.failedAttempts + 1 : 0;
      await this.vms.update(tx, vm.id, {
        ...RELEASED,
        state: 'PAUSED',
        pauseReason: reason,
        failedAttempts,
        reconcileAt: again ? later(now, backoffMs(failedAttempts)) : null,
        ...SOUND,
        ...(rest === undefined ? {} : sizesAtRest(vm, rest)),
      });
      const isDone = rest !== undefined && reading.open !== null && endsPaused(reading.open.kind);
      const ended =
        failure !== undefined
          ? await this.failOpen(tx, reading, { code: failure.code, message: failure.message })
          : isDone
            ? await this.operations.closeOpen(tx, vm.id, 'SUCCEEDED')
            : [];
      return [...stateEvents(vm, 'PAUSED', reason), ...ended];
    });
  }

  /** The failure of a step: tried again with growing waits. @returns the wait in milliseconds */
  async retryLater(claim: Claim, reading: Reading, step: Step | null, error: DomainError): Promise<number> {
    let waitMs = 0;
    await this.end(claim, reading, async (tx, vm, now) => {
      const failedAttempts = vm.failedAttempts + 1;
      waitMs = backoffMs(failedAttempts);
      await this.vms.update(tx, vm.id, { ...RELEASED, failedAttempts, reconcileAt: later(now, waitMs) });
      return step === null
        ? []
        : this.operations.markStep(tx, vm.id, step, { status: 'PENDING', errorCode: error.code });
    });
    return waitMs;
  }

  /** A failure that trying again cannot mend: the VM shows ERROR with the reason until somebody acts. */
  fail(claim: Claim, reading: Reading, step: Step | null, error: DomainError): Promise<void> {
    return this.end(claim, reading, async (tx, vm) => {
      const failure = { code: error.code, message: error.message };
      const stepped =
        step === null
          ? []
          : await this.operations.markStep(tx, vm.id, step, { status: 'FAILED', errorCode: error.code });
      await this.vms.update(tx, vm.id, {
        ...RELEASED,
        state: 'ERROR',
        reconcileAt: null,
        errorCode: failure.code,
        errorMessage: failure.message,
        pauseReason: null,
      });
      const ended = await this.failOpen(tx, reading, failure);
      return [...stepped, ...stateEvents(vm, 'ERROR', error.code), ...ended];
    });
  }

  /**
   * A running guest could not be brought to what was asked of it: the operation fails, the VM goes on as it is and is not
   * in error.
   * @param step that did not come about
   * @param paused libvirt's reason, when it stands still
   */
  abandon(claim: Claim, reading: Reading, step: Step, error: DomainError, paused: string | null): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      const failure = { code: error.code, message: error.message };
      const state = paused === null ? 'RUNNING' : 'PAUSED';
      const isDue = runsOnByItself(paused) || isOvertaken(vm, reading);
      const stepped = await this.operations.markStep(tx, vm.id, step, { status: 'FAILED', errorCode: error.code });
      await this.vms.update(tx, vm.id, {
        ...RELEASED,
        state,
        desired: 'RUNNING',
        ...SOUND,
        reconcileAt: isDue ? now : await this.dueForLeftovers(tx, vm, reading, now),
        failedAttempts: 0,
        pauseReason: paused,
      });
      return [
        ...stepped,
        ...stateEvents(vm, state, paused ?? error.code),
        ...(await this.failOpen(tx, reading, failure)),
      ];
    });
  }

  /** A task, or another spec, came to nothing: the operation fails, the VM goes on as it is. */
  failTask(claim: Claim, reading: Reading, step: Step, error: DomainError): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      const failure = { code: error.code, message: error.message };
      const stepped = await this.operations.markStep(tx, vm.id, step, { status: 'FAILED', errorCode: error.code });
      const ended = await this.failOpen(tx, reading, failure);
      // A VM that came to where it shall be just before does not show it yet.
      const isUnfinished = vm.state === 'STARTING' || vm.state === 'STOPPING' || isOvertaken(vm, reading);
      const isDue = isUnfinished || (vm.state === 'PAUSED' && runsOnByItself(vm.pauseReason));
      // A volume that could not be attached is taken away again, whatever of it has come about.
      const dueAt = isDue ? now : await this.dueForLeftovers(tx, vm, reading, now);
      const reconcileAt = vm.state === 'ERROR' ? dueInError(vm, now) : dueAt;
      await this.vms.update(tx, vm.id, { ...RELEASED, reconcileAt, failedAttempts: 0 });
      return [...stepped, ...ended];
    });
  }

  /** It powered itself off before what was asked of it came about: it is off, and meant to be. */
  foundOff(claim: Claim, reading: Reading, error: DomainError): Promise<void> {
    return this.end(claim, reading, async (tx, vm, now) => {
      const off = { state: 'STOPPED', desired: 'STOPPED', pauseReason: null } as const;
      const shown = { ...off, ...SOUND, ...unheard(vm, reading.vm) };
      const reconcileAt = vm.toSettleIn ? now : null;
      await this.vms.update(tx, vm.id, { ...RELEASED, ...shown, reconcileAt, failedAttempts: 0 });
      const failure = { code: error.code, message: error.message };
      const ended = await this.failOpen(tx, reading, failure);
      return [...stateEvents(vm, 'STOPPED', 'the guest powered off'), ...ended];
    });
  }

  /** The power state moved although nobody asked us: the VM shows it, and wants it from now on when `desired` is given. */
  show(claim: Claim, reading: Reading, state: Vm['state'], reason: string, desired?: DesiredState): Promise<void> {
    return this.write(claim, async (tx, vm) => {
      // Who has asked for something meanwhile is not overruled.
      if (await this.isOutdated(tx, vm, reading)) return [];
      const wished = desired === undefined ? {} : { desired };
      await this.vms.update(tx, vm.id, { state, pauseReason: null, ...unheard(vm, reading.vm), ...wished });
      return stateEvents(vm, state, reason);
    });
  }

  /** Its volumes or ports are not as they shall be, it has snapshots that shall be gone, or is to be made ready where it is. */
  private async hasLeftovers(tx: Transaction, vm: Vm): Promise<boolean> {
    return isToSettleIn(vm) || (await this.parts.areUnfinished(tx, vm.id));
  }

  /** When that is looked after which what failed has left behind: at once, unless it failed by itself and will again. */
  private async dueForLeftovers(tx: Transaction, vm: Vm, { open }: Reading, now: Date): Promise<Date | null> {
    if (!(await this.hasLeftovers(tx, vm))) return null;
    return open === null ? later(now, LOOK_AGAIN_MS) : now;
  }

  /** What it asked of a volume, a port or a snapshot is taken back with it. */
  private async failOpen(
    tx: Transaction,
    { vm, open }: Reading,
    failure: { readonly code: string; readonly message: string },
  ): Promise<EventEnvelope[]> {
    if (open !== null) await this.parts.takeBack(tx, vm.id, open);
    if (vm.savedBytes !== null) await this.vms.update(tx, vm.id, givenBack(vm));
    return this.operations.closeOpen(tx, vm.id, 'FAILED', failure);
  }

  /** Whether somebody has asked for something since the worker looked. */
  private async isOutdated(tx: Transaction, vm: Vm, { vm: before, open }: Reading): Promise<boolean> {
    if (vm.desired !== before.desired) return true;
    // The VM and its operation are read one after the other: a spec may have been accepted in between.
    if (vm.revision !== before.revision || vm.appliedRevision !== before.appliedRevision) return true;
    const now = await this.operations.open(vm.id, tx);
    return now?.id !== open?.id || now?.isCancelRequested !== open?.isCancelRequested;
  }

  /**
   * Writes how the work on a VM came out, unless somebody has asked for something since the worker looked: what it
   * found is no answer to that. Then the lease is only given back, and the VM is due as the request left it.
   */
  private end(
    claim: Claim,
    reading: Reading,
    work: (tx: Transaction, vm: Vm, now: Date) => Promise<EventEnvelope[]>,
  ): Promise<void> {
    return this.write(claim, async (tx, vm, now) => {
      if (!(await this.isOutdated(tx, vm, reading))) return work(tx, vm, now);
      await this.vms.update(tx, vm.id, RELEASED);
      return [];
    });
  }

  private async write(
    claim: Claim,
    work: (tx: Transaction, vm: Vm, now: Date) => Promise<EventEnvelope[]>,
  ): Promise<void> {
    await this.change.run(async (tx) => {
      const { vm, now } = await this.claims.lock(tx, claim);
      return { answer: undefined, events: await work(tx, vm, now) };
    });
  }
}
