import { DomainError, isRetryable } from '@infinibay/contracts';
import { LOGGER } from '@infinibay/platform-service';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import {
  SPEC_STEPS,
  desiredState,
  isBeingStarted,
  isDiskProblem,
  isGuestInitiated,
  isOff,
  isPausedForNow,
  isStepOf,
  isUnsettled,
  lookAgainMs,
  plan,
  settledState,
  type DomainComparison,
  type Plan,
  type Step,
} from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { forgetLastStep, hasMoved, type Preparation, type StepOutcome } from '../actions/step.js';
import { sizesOf } from '../vms/vm-spec.js';
import { OperationRepository, type OpenOperation } from '../operations/operation.repository.js';
import type { Claim } from './claim.repository.js';
import { HostClient } from './host.client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';
import {
  inErrorTask,
  isAboutSpec,
  isLookedAtAgain,
  isOfNewVm,
  isOfLeftovers,
  isOfVolumes,
  isOffForTask,
  isSpecStep,
  leftoversIn,
  stepOfTakingBack,
  taskIn,
  tryingMs,
  withRecorded,
  withoutSpecSteps,
  type Reading,
} from './reading.js';
import { VmJournal } from './vm.journal.js';
import {
  failedStepOf,
  notOffInTime,
  notResumed,
  overdue,
  problemOf,
  restOf,
  type Attempt,
  type Found,
} from './worker-findings.js';

/** More rounds than any plan has steps: a plan that does not converge must not keep a worker for ever. */
const MAX_ROUNDS = 40;
const WAIT_MS = 1_000;
/** Nobody asked for it and waits: a guest that was started by hand and ignores its power button. */
const IDLE_WAIT_MS = 10_000;

/** Works on one claimed VM: observe, plan, act, record, repeat. */
@Injectable()
export class VmWorker {
  constructor(
    private readonly journal: VmJournal,
    private readonly hosts: HostClient,
    private readonly operations: OperationRepository,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async work(claim: Claim): Promise<void> {
    const operation = await this.operations.findOpen(claim.vmId);
    await runInContext(newServiceContext(operation?.correlationId), async () => {
      try {
        await this.converge(claim);
      } catch (error) {
        if (error instanceof DomainError && error.code === 'STALE_FENCE')
          this.logger.warn({ vmId: claim.vmId }, 'another worker has taken over');
        else throw error;
      }
    });
  }

  private async converge(claim: Claim): Promise<void> {
    const completed = new Set<Step>();
    const preparation: Preparation = {};
    let current: Step | null = null;
    let seen: Found | null = null;
    let reading = await this.journal.read(claim);
    try {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const found = await this.observe(reading, completed);
        seen = found;
        const repair = inErrorTask(reading, found);
        if (repair !== null) {
          current = repair.step;
          if ((await this.act(claim, reading, current, preparation)) === 'pending')
            return await this.awaitTask(claim, reading, current, reading.open?.stepAgeMs ?? 0);
          return await this.journal.endInError(claim, reading);
        }
        if (!(await this.followGuest(claim, reading, found))) {
          const next = plan(desiredState(reading.vm.desired), found, taskIn(reading));
          if (next.kind !== 'act') return await this.rest(claim, reading, next, found);
          current = next.step;
          if ((await this.act(claim, reading, current, preparation)) === 'pending')
            return await this.awaitTask(claim, reading, current, reading.open?.stepAgeMs ?? 0);
          completed.add(current);
          current = null;
        }
        const [{ revision }, asked] = [reading.vm, reading.open?.id];
        reading = await this.journal.read(claim);
        const task = taskIn(reading);
        // What was done was done for another task, or for nobody.
        if (task !== null && reading.open?.id !== asked) completed.delete(task.step);
        // What was done was done for another spec.
        if (reading.vm.revision !== revision) for (const step of SPEC_STEPS) completed.delete(step);
      }
      throw new DomainError('INTERNAL', { reason: 'the plan does not converge' });
    } catch (error) {
      if (preparation.savedMemory === 'discarded') await this.journal.memoryDiscarded(claim);
      await this.recordFailure(claim, reading, { step: current, seen }, error);
    }
  }

  /** A VM that shall go is not asked for its disk: whatever is in its place, it goes. */
  private async observe(reading: Reading, completed: ReadonlySet<Step>): Promise<Found> {
    const { vm, open } = reading;
    const [{ domain }, disk, sizes] = await Promise.all([
      this.hosts.inspect(vm),
      vm.desired === 'DELETED' ? undefined : this.hosts.inspectDisk(vm),
      this.compareSizes(reading, completed),
    ]);
    return {
      power: domain?.power ?? null,
      reason: domain?.reason ?? '',
      isBuilt: vm.diskBuiltAt !== null,
      isImageMissing: reading.isImageMissing,
      isDiskSound: disk?.status === 'SOUND',
      problem: disk?.problem ?? null,
      isAsked: open !== null && !isAboutSpec(reading),
      isForceDue: open?.parameters.force === true && open.ageMs >= this.graceMs(open),
      ...leftoversIn(reading),
      isTaskBegun: open?.begun.some((step) => step === taskIn(reading)?.step) === true,
      completed: withoutSpecSteps(reading, withRecorded(reading, completed)),
      sizes,
    };
  }

  /** Only where there may be something to do about it; a guest that boots with room for more memory has all of it at first. */
  private async compareSizes(reading: Reading, completed: ReadonlySet<Step>): Promise<DomainComparison | null> {
    const { vm, open } = reading;
    const want = sizesOf(vm);
    const isToBeApplied = vm.appliedRevision !== vm.revision && (open === null || isAboutSpec(reading));
    const hasBalloon = completed.has('start') && want.maxMemoryMib > want.memoryMib;
    if (vm.desired === 'DELETED' || !(isToBeApplied || hasBalloon)) return null;
    try {
      return await this.hosts.compare(reading);
    } catch (error) {
      if (isAboutSpec(reading)) throw error;
      this.logger.warn({ err: error, vmId: vm.id }, 'the size of the VM could not be looked at; it stays as it is');
      return null;
    }
  }

  /**
   * A VM that ran and is found off: if the guest powered itself off it is meant to be off, unless it was asked for
   * something that it is to come back from; otherwise it failed and is started again. @returns whether the wish changed
   */
  private async followGuest(claim: Claim, reading: Reading, found: Found): Promise<boolean> {
    const { vm } = reading;
    const { power, reason } = found;
    if (isOffForTask(reading, found)) return false;
    if ((vm.state !== 'RUNNING' && vm.state !== 'PAUSED') || vm.desired !== 'RUNNING' || !isOff(power)) return false;
    const task = taskIn(reading);
    if (power === 'off' && isGuestInitiated(reason) && (task === null || task.onOff === true)) {
      await this.journal.show(claim, reading, 'STOPPED', 'the guest powered off', 'STOPPED');
      return true;
    }
    this.logger.warn({ vmId: vm.id, power, reason }, 'a running VM was found off; starting it again');
    await this.journal.show(claim, reading, 'STARTING', reason === '' ? 'found off' : reason);
    return false;
  }

  private async act(claim: Claim, reading: Reading, step: Step, preparation: Preparation): Promise<StepOutcome> {
    const { vm } = reading;
    // The step of a task is looked at again and again, and began once.
    const isUnderWay = isLookedAtAgain(reading, step);
    if (!isUnderWay) await this.journal.stepStarted(claim, step);
    await this.options.failpoints.reach('before', step);
    const started = performance.now();
    forgetLastStep(preparation);
    const outcome = await this.hosts.perform(step, reading, claim.fence, preparation);
    await this.options.failpoints.reach('after', step);
    const { refused = [] } = preparation.volumes ?? {};
    if (refused.length > 0)
      this.logger.warn({ vmId: vm.id, step, volumeIds: refused }, 'volumes cannot be attached; they are given back');
    const portIds = preparation.ports?.refused ?? [];
    if (portIds.length > 0)
      this.logger.warn({ vmId: vm.id, step, portIds }, 'ports cannot be plugged in; they are given back');
    if (outcome === 'pending') {
      if (hasMoved(preparation)) await this.journal.stepMoved(claim, reading, step, preparation);
      if (!isUnderWay) this.logger.info({ vmId: vm.id, step }, 'step asked for; waiting for it to come about');
      return outcome;
    }
    this.logger.info({ vmId: vm.id, step, durationMs: Math.round(performance.now() - started) }, 'step done');
    await this.journal.stepSucceeded(claim, reading, step, preparation);
    return outcome;
  }

  /** How long the guest may take: as who asked said, or as this service is configured. */
  private graceMs(open: OpenOperation | null): number {
    const seconds = open?.parameters.timeoutSeconds;
    return seconds === undefined ? this.options.shutdownGraceMs : seconds * 1_000;
  }

  /** Looked at again until the guest's grace is over; then who asked is told, and the VM goes on as it is. */
  private async awaitTask(claim: Claim, reading: Reading, step: Step, ageMs: number): Promise<void> {
    const task = taskIn(reading);
    const leftMs = (task?.graceMs ?? this.graceMs(reading.open)) - ageMs;
    // Nobody waits for it: a volume that shall go, and whose guest keeps it.
    if (task === null || !isStepOf(task, step))
      return this.journal.postpone(claim, reading, isOfLeftovers(step) ? IDLE_WAIT_MS : WAIT_MS);
    if (leftMs > 0) return this.journal.postpone(claim, reading, lookAgainMs(ageMs, leftMs));
    await this.failOperation(claim, reading, step, overdue(task));
  }

  private async failOperation(claim: Claim, reading: Reading, step: Step, error: DomainError): Promise<void> {
    // There is no VM that could go on.
    if (isOfNewVm(reading)) return this.journal.fail(claim, reading, step, error);
    const failed = { vmId: claim.vmId, step, code: error.code, err: error };
    this.logger.error(failed, 'what was asked of the VM did not come about; it goes on as it is');
    await this.journal.failTask(claim, reading, step, error);
  }

  /** Nothing is to be done now: the lease is given back. */
  private async rest(
    claim: Claim,
    reading: Reading,
    next: Exclude<Plan, { kind: 'act' }>,
    found: Found,
  ): Promise<void> {
    switch (next.kind) {
      case 'settled':
        return this.journal.settle(claim, reading, restOf(found, await this.isSaved(reading, found)));
      case 'paused':
        this.logger.warn({ vmId: claim.vmId, reason: found.reason }, 'the VM is paused');
        return this.journal.showPaused(
          claim,
          reading,
          found.reason,
          isPausedForNow(found.reason),
          undefined,
          restOf(found, null),
        );
      case 'blocked':
        return this.block(claim, reading, problemOf(found));
      case 'lost':
        return this.lose(claim, reading, found);
      case 'wait':
        return this.wait(claim, reading, found);
    }
  }

  /** Of one that is meant to be off: what its host has is the truth. @returns null: it was not looked at */
  private async isSaved({ vm }: Reading, { power }: Found): Promise<boolean | null> {
    if (settledState(desiredState(vm.desired)) !== 'STOPPED') return null;
    if (power === null) return false;
    try {
      return await this.hosts.hasSavedMemory(vm);
    } catch (error) {
      this.logger.warn({ err: error, vmId: vm.id }, 'whether memory of the VM is saved could not be looked at');
      return null;
    }
  }

  private async block(claim: Claim, reading: Reading, error: DomainError): Promise<void> {
    const { vm } = reading;
    if (vm.errorCode !== error.code)
      this.logger.error(
        { vmId: vm.id, code: error.code, reason: error.message },
        'the disk of the VM must not be used',
      );
    await this.journal.block(claim, reading, error);
  }

  /** What was suspended is gone. A guest that had powered itself off before that is off, as it wanted. */
  private async lose(claim: Claim, reading: Reading, { power, reason }: Found): Promise<void> {
    const { id: vmId } = reading.vm;
    const error = new DomainError('SUSPENDED_GUEST_LOST', { vmId, power, reason });
    this.logger.error({ vmId, power, reason, code: error.code }, 'a VM that shall be suspended was found off');
    if (power === 'off' && isGuestInitiated(reason)) return this.journal.foundOff(claim, reading, error);
    await this.journal.fail(claim, reading, null, error);
  }

  /** After the grace, whatever power it is in, who asked is told that it did not come about; the VM goes on as it is. */
  private async wait(claim: Claim, reading: Reading, { power, reason }: Found): Promise<void> {
    const { vm, open } = reading;
    const age = open?.ageMs ?? null;
    const paused = power === 'paused' ? reason : null;
    if (age === null && vm.desired === 'RUNNING' && paused !== null && !isBeingStarted(reason))
      return this.journal.showPaused(claim, reading, paused, isPausedForNow(paused));
    if (age === null) return this.journal.postpone(claim, reading, IDLE_WAIT_MS);
    const leftMs = this.graceMs(open) - age;
    if (leftMs > 0) return this.journal.postpone(claim, reading, lookAgainMs(age, leftMs));
    const task = taskIn(reading);
    if (task !== null && paused === null) return this.awaitTask(claim, reading, task.step, age);
    if (isAboutSpec(reading))
      return this.failOperation(claim, reading, 'redefine', new DomainError('VM_BUSY', { power, reason }));
    if (vm.desired === 'STOPPED') return this.journal.abandon(claim, reading, 'shutdown', notOffInTime(paused), paused);
    if (paused !== null)
      return this.journal.showPaused(claim, reading, paused, isPausedForNow(paused), notResumed(vm.id, paused));
    await this.journal.fail(claim, reading, null, new DomainError('VM_BUSY', { power }));
  }

  private async recordFailure(claim: Claim, reading: Reading, { step, seen }: Attempt, cause: unknown): Promise<void> {
    if (cause instanceof DomainError && cause.code === 'STALE_FENCE') throw cause;
    const error = cause instanceof DomainError ? cause : new DomainError('INTERNAL', {}, { cause });
    const now = await this.journal.read(claim);
    const { vm } = now;
    const failed = { vmId: claim.vmId, step, code: error.code, details: error.details, err: error };
    // A volume's file is no reason to call the VM's own disk unusable.
    if (isDiskProblem(error.code) && !isOfVolumes(step) && vm.diskBuiltAt !== null && vm.desired !== 'DELETED')
      return this.block(claim, reading, error);
    const isOverdue = this.isShutdownOverdue(now, seen);
    if (isOverdue || this.isPastHope(now, error)) {
      this.logger.error(failed, 'what was asked of the VM failed');
      if (isOverdue) return this.journal.abandon(claim, reading, 'shutdown', error, vm.pauseReason);
      return this.giveUp(claim, reading, now, step, error);
    }
    const waitMs = await this.journal.retryLater(claim, reading, step, error);
    this.logger.warn({ ...failed, waitMs }, 'step failed; trying again');
  }

  /**
   * The guest was asked to power off, had its time for it, and nobody wants its power cut. Only of one that was seen to
   * be on: what is off, or on a host that is away, is not said to run on.
   */
  private isShutdownOverdue({ vm, open }: Reading, seen: Found | null): boolean {
    if (vm.desired !== 'STOPPED' || open === null || seen === null || isOff(seen.power)) return false;
    // It was started without a processor that runs, to be moved.
    if (isUnsettled(seen.migration ?? null)) return false;
    return open.ageMs > this.graceMs(open) && open.parameters.force !== true;
  }

  private isPastHope(reading: Reading, error: DomainError): boolean {
    const { vm, open } = reading;
    const isGivenTime = vm.desired === 'STOPPED' || open?.parameters.timeoutSeconds !== undefined;
    const ownTimeMs = Math.max(isGivenTime ? this.graceMs(open) : 0, tryingMs(reading));
    const isTooLate = (open?.ageMs ?? 0) > this.options.retryLimitMs + ownTimeMs;
    return isTooLate || !isRetryable(error);
  }

  /** A guest that runs goes on as it is where that is an end; otherwise the VM is in error until somebody acts. */
  private giveUp(claim: Claim, reading: Reading, now: Reading, step: Step | null, error: DomainError): Promise<void> {
    const { state, pauseReason } = now.vm;
    // Its disks are of two times.
    if (error.code === 'REVERT_UNFINISHED') return this.journal.fail(claim, reading, step, error);
    const task = taskIn(reading);
    const isAtRest = state === 'RUNNING' || state === 'PAUSED' || state === 'STOPPED';
    // What a task is done to is as it shall be by then, whatever it shows yet.
    if (task !== null && (isAtRest || (task.onOff === true && (step === task.step || state === 'ERROR'))))
      return this.failOperation(claim, reading, failedStepOf(task, step), error);
    // The VM is as it shall be, whatever becomes of its volumes, and of snapshots that shall go.
    if (isOfLeftovers(step)) return this.journal.postpone(claim, reading, IDLE_WAIT_MS);
    const untouched = step === null ? stepOfTakingBack(now) : null;
    if ((isAboutSpec(now) || isSpecStep(step) || untouched !== null) && isAtRest)
      return this.failOperation(claim, reading, step ?? untouched ?? 'redefine', error);
    if (step === 'suspend' && now.open !== null) return this.journal.abandon(claim, reading, step, error, pauseReason);
    return this.journal.fail(claim, reading, step, error);
  }
}
