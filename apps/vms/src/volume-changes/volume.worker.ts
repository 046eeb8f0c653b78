import { DomainError, ensureVolume, growVolume, inspectVolume, isRetryable, removeVolume } from '@infinibay/contracts';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { RequestClient } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import type { VolumeStep } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Volume } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';
import type { VolumeClaim } from './volume-claim.repository.js';
import { VolumeJournal, stepOf } from './volume.journal.js';

/** More rounds than a volume has steps, when wishes change meanwhile too. */
const MAX_ROUNDS = 10;

/** What the worker works for. */
interface OpenRequest {
  readonly id: string;
  readonly ageMs: number;
  readonly correlationId: string;
}

/** Works on one claimed volume: what is next, done, recorded, repeated. */
@Injectable()
export class VolumeWorker {
  constructor(
    private readonly journal: VolumeJournal,
    private readonly operations: OperationRepository,
    private readonly requests: RequestClient,
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
        await this.journal.stepStarted(claim, step);
        await this.options.failpoints.reach('before', step);
        const started = performance.now();
        const bytes = await this.perform(step, volume);
        await this.options.failpoints.reach('after', step);
        const durationMs = Math.round(performance.now() - started);
        this.logger.info({ volumeId: volume.id, step, durationMs }, 'volume step done');
        if (step === 'remove-volume') return await this.journal.removed(claim);
        await this.journal.madeOrGrown(claim, step, bytes);
        // What fails from here on is not that step.
        step = null;
      }
      throw new DomainError('INTERNAL', { reason: 'the volume does not converge' });
    } catch (error) {
      await this.recordFailure(claim, open, step, error);
    }
  }

  /** @returns bytes that the volume has then */
  private async perform(step: VolumeStep, volume: Volume): Promise<number> {
    const target = { volumeId: volume.id, fence: volume.fence };
    const on = { hostId: volume.hostId };
    const capacityBytes = Number(volume.capacityBytes);
    switch (step) {
      case 'make-volume':
        return (await this.requests.call(ensureVolume, { ...target, capacityBytes }, on)).capacityBytes;
      case 'grow-volume': {
        const wanted = { ...target, capacityBytes, vmId: volume.attachedVmId };
        return (await this.requests.call(growVolume, wanted, on)).capacityBytes;
      }
      case 'remove-volume':
        await this.requests.call(removeVolume, target, on);
        return 0;
    }
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
    const isTooLate = open !== null && open.ageMs > this.options.retryLimitMs;
    // Without a step it is our own database that failed.
    if (step === null || (!isTooLate && isRetryable(error))) {
      const waitMs = await this.journal.retryLater(claim, step, error);
      this.logger.warn({ ...failed, waitMs }, 'volume step failed; trying again');
      return;
    }
    this.logger.error(failed, 'what was asked of the volume failed');
    await this.journal.fail(claim, step, open?.id ?? null, error, await this.grownTo(claim, step));
  }

  /** Bytes that a volume has whose growth came to nothing, as far as is known; null: it is not. */
  private async grownTo(claim: VolumeClaim, step: VolumeStep): Promise<number | null> {
    const { volumeId } = claim;
    if (step !== 'grow-volume') return null;
    try {
      const { hostId } = await this.journal.read(claim);
      return (await this.requests.call(inspectVolume, { volumeId }, { hostId })).capacityBytes;
    } catch (error) {
      this.logger.warn({ err: error, volumeId }, 'the size of the volume could not be looked at');
      return null;
    }
  }
}
