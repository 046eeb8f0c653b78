import { DomainError, isRetryable } from '@infinibay/contracts';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import type { VolumeStep } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { OperationRepository, type OpenRequest } from '../operations/operation.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';
import type { VolumeClaim } from './volume-claim.repository.js';
import { VolumeHost } from './volume-host.js';
import { VolumeJournal, stepOf } from './volume.journal.js';

/** More rounds than a volume has steps, when wishes change meanwhile too. */
const MAX_ROUNDS = 10;

/** What is copied and fails has gone on before, each time: it is given up when it fails again and again, or never ends. */
const COPIES: readonly VolumeStep[] = ['copy-volume', 'move-volume'];
const LONGEST_COPY_MS = 14_400_000;
const FAILURES_IN_A_ROW = 5;

/** Works on one claimed volume: what is next, done, recorded, repeated. */
@Injectable()
export class VolumeWorker {
  constructor(
    private readonly journal: VolumeJournal,
    private readonly operations: OperationRepository,
    private readonly host: VolumeHost,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async work(claim: VolumeClaim): Promise<void> {
    const open = await this.operations.openRequest(claim.volumeId);
    await runInContext(newServiceContext(open?.correlationId), async () => {
      try {
        await this.converge(claim, open);
      } catch (error) {
        if (error instanceof DomainError && error.code === 'STALE_FENCE')
          this.logger.warn({ volumeId: claim.volumeId }, 'another worker has taken over the volume');
        else throw error;
      }
    });
  }

  private async converge(claim: VolumeClaim, open: OpenRequest | null): Promise<void> {
    let step: VolumeStep | null = null;
    try {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const volume = await this.journal.read(claim);
        step = stepOf(volume);
        if (step === null) return await this.journal.settle(claim);
        if (step === 'move-volume' && open?.isCancelRequested === true) {
          const cancelled = new DomainError('OPERATION_CANCELLED', { volumeId: volume.id });
          return await this.takeBack(claim, open.id, cancelled);
        }
        await this.journal.stepStarted(claim, step);
        await this.options.failpoints.reach('before', step);
        const started = performance.now();
        const outcome = await this.host.perform(step, volume);
        await this.options.failpoints.reach('after', step);
        if (!outcome.isDone) return await this.goOn(claim, step, outcome.percent, open);
        const durationMs = Math.round(performance.now() - started);
        this.logger.info({ volumeId: volume.id, step, durationMs }, 'volume step done');
        if (step === 'remove-volume') return await this.journal.removed(claim);
        if (step === 'move-volume') await this.journal.moved(claim);
        else await this.journal.madeOrGrown(claim, step, outcome.bytes);
        // What fails from here on is not that step.
        step = null;
      }
      throw new DomainError('INTERNAL', { reason: 'the volume does not converge' });
    } catch (error) {
      await this.recordFailure(claim, open, step, error);
    }
  }

  /** It is looked at again soon, and not for ever. */
  private goOn(claim: VolumeClaim, step: VolumeStep, percent: number, open: OpenRequest | null): Promise<void> {
    if (open !== null && open.ageMs > LONGEST_COPY_MS) throw new DomainError('DEADLINE_EXCEEDED', { step });
    return this.journal.goesOn(claim, step, percent);
  }

  /** A move that is given up leaves nothing, unless it has come about: its host says which. */
  private async takeBack(claim: VolumeClaim, operationId: string | null, error: DomainError): Promise<void> {
    const isMoved = await this.host.abortMove(await this.journal.read(claim));
    if (!isMoved) return this.journal.fail(claim, 'move-volume', operationId, error, null);
    await this.journal.moved(claim);
    await this.journal.settle(claim);
  }

  private async recordFailure(
    claim: VolumeClaim,
    open: OpenRequest | null,
    step: VolumeStep | null,
    cause: unknown,
  ): Promise<void> {
    if (cause instanceof DomainError && cause.code === 'STALE_FENCE') throw cause;
    const error = cause instanceof DomainError ? cause : new DomainError('INTERNAL', {}, { cause });
    const failed = { volumeId: claim.volumeId, step, code: error.code, err: error };
    // What nobody waits for, as a removal that came with a VM's, is tried for as long as it takes.
    const isTooLate = open !== null && (await this.isTooLate(claim, step, open.ageMs));
    // Without a step it is our own database that failed.
    if (step === null || (!isTooLate && isRetryable(error))) {
      const waitMs = await this.journal.retryLater(claim, step, error);
      this.logger.warn({ ...failed, waitMs }, 'volume step failed; trying again');
      return;
    }
    this.logger.error(failed, 'what was asked of the volume failed');
    if (step === 'move-volume') return this.giveUp(claim, open?.id ?? null, error);
    await this.journal.fail(claim, step, open?.id ?? null, error, await this.grownTo(claim, step));
  }

  /** Not before its host has said where the volume is: until then it is tried again. */
  private async giveUp(claim: VolumeClaim, operationId: string | null, cause: DomainError): Promise<void> {
    try {
      await this.takeBack(claim, operationId, cause);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'STALE_FENCE') throw error;
      const waitMs = await this.journal.retryLater(claim, 'move-volume', cause);
      this.logger.warn({ volumeId: claim.volumeId, waitMs, err: error }, 'move of the volume could not be ended yet');
    }
  }

  private async isTooLate(claim: VolumeClaim, step: VolumeStep | null, ageMs: number): Promise<boolean> {
    if (step === null || !COPIES.includes(step)) return ageMs > this.options.retryLimitMs;
    const { failedAttempts } = await this.journal.read(claim);
    return ageMs > LONGEST_COPY_MS || (ageMs > this.options.retryLimitMs && failedAttempts >= FAILURES_IN_A_ROW);
  }

  /** Bytes that a volume has whose growth came to nothing, as far as is known; null: it is not. */
  private async grownTo(claim: VolumeClaim, step: VolumeStep): Promise<number | null> {
    if (step !== 'grow-volume') return null;
    try {
      return await this.host.sizeOf(await this.journal.read(claim));
    } catch (error) {
      this.logger.warn({ err: error, volumeId: claim.volumeId }, 'the size of the volume could not be looked at');
      return null;
    }
  }
}
