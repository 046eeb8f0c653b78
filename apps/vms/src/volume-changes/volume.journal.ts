import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { backoffMs, planVolume, type VolumeStep } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Prisma, Volume } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';
import { VolumeClaimRepository, type VolumeClaim } from './volume-claim.repository.js';

const RELEASED = { leaseOwner: null, leaseUntil: null } as const;
/** What takes long is looked at so often. */
const LOOK_MS = 1_000;
const RESTED = { ...RELEASED, reconcileAt: null, failedAttempts: 0 } as const;

/** The next thing to do about a volume. One that goes with its VM waits until that is gone. */
export const stepOf = (volume: Volume): VolumeStep | null =>
  volume.isUnwanted && volume.attachedVmId !== null
    ? null
    : planVolume({
        isWanted: !volume.isUnwanted,
        isBuilt: volume.builtAt !== null,
        isClone: volume.cloneSourceId !== null,
        isToMove: volume.targetPoolId !== null,
        capacityBytes: volume.capacityBytes,
        builtBytes: volume.builtBytes,
      });

/** Writes what the worker does into the volume, its operation and the outbox, each time in one fenced transaction. */
@Injectable()
export class VolumeJournal {
  constructor(
    private readonly change: Change,
    private readonly volumes: VolumeRepository,
    private readonly claims: VolumeClaimRepository,
    private readonly operations: OperationRepository,
  ) {}

  /** @throws DomainError STALE_FENCE when another worker has it */
  async read({ volumeId, fence }: VolumeClaim): Promise<Volume> {
    const volume = await this.volumes.findRow(volumeId);
    if (volume?.fence !== fence) throw new DomainError('STALE_FENCE', { volumeId });
    return volume;
  }

  stepStarted(claim: VolumeClaim, step: VolumeStep): Promise<void> {
    return this.write(claim, (tx, { id }, now) =>
      this.operations.markStep(tx, id, step, {
        status: 'RUNNING',
        startedAt: now,
        attempts: { increment: 1 },
        errorCode: null,
      }),
    );
  }

  /** @param bytes that the volume has now */
  madeOrGrown(claim: VolumeClaim, step: 'make-volume' | 'copy-volume' | 'grow-volume', bytes: number): Promise<void> {
    return this.write(claim, async (tx, volume, now) => {
      const builtBytes = BigInt(bytes);
      // Larger than was asked for: what an attempt that was given up has brought about after all.
      const capacityBytes = builtBytes > volume.capacityBytes ? builtBytes : volume.capacityBytes;
      await this.volumes.update(tx, volume.id, { builtBytes, capacityBytes, builtAt: volume.builtAt ?? now });
      return this.operations.markStep(tx, volume.id, step, { status: 'SUCCEEDED', finishedAt: now });
    });
  }

  /** It goes on, and is looked at again soon. When something else shall be done since, that is done now. */
  goesOn(claim: VolumeClaim, step: VolumeStep, percent: number): Promise<void> {
    return this.write(claim, async (tx, volume, now) => {
      if (stepOf(volume) !== step) return this.release(tx, volume);
      const reconcileAt = new Date(now.getTime() + LOOK_MS);
      await this.volumes.update(tx, volume.id, { ...RELEASED, reconcileAt, failedAttempts: 0 });
      return this.operations.showProgress(tx, volume.id, percent);
    });
  }

  /** It is where it was to be, and nowhere else. */
  moved(claim: VolumeClaim): Promise<void> {
    return this.write(claim, async (tx, volume, finishedAt) => {
      await this.volumes.update(tx, volume.id, { poolId: volume.targetPoolId ?? volume.poolId, targetPoolId: null });
      return this.operations.markStep(tx, volume.id, 'move-volume', { status: 'SUCCEEDED', finishedAt });
    });
  }

  /** It is gone. */
  removed(claim: VolumeClaim): Promise<void> {
    return this.write(claim, async (tx, { id }, now) => {
      const gone = { state: 'DELETED', deletedAt: now, errorCode: null, errorMessage: null } as const;
      await this.volumes.update(tx, id, { ...RESTED, ...gone });
      await this.operations.markStep(tx, id, 'remove-volume', { status: 'SUCCEEDED', finishedAt: now });
      return this.operations.closeOpen(tx, id, 'SUCCEEDED');
    });
  }

  /** It is as it shall be. When somebody has asked for something since, it stays due. */
  settle(claim: VolumeClaim): Promise<void> {
    return this.write(claim, async (tx, volume) => {
      if (stepOf(volume) !== null) return this.release(tx, volume);
      if (volume.isUnwanted) {
        await this.volumes.update(tx, volume.id, RESTED);
        return this.operations.closeOpen(tx, volume.id, 'SUPERSEDED');
      }
      const sound = { state: 'AVAILABLE', errorCode: null, errorMessage: null } as const;
      await this.volumes.update(tx, volume.id, { ...RESTED, ...sound });
      return this.operations.closeOpen(tx, volume.id, 'SUCCEEDED');
    });
  }

  /** @returns the wait in milliseconds */
  async retryLater(claim: VolumeClaim, step: VolumeStep | null, error: DomainError): Promise<number> {
    let waitMs = 0;
    await this.write(claim, async (tx, volume, now) => {
      const failedAttempts = volume.failedAttempts + 1;
      waitMs = backoffMs(failedAttempts);
      const reconcileAt = new Date(now.getTime() + waitMs);
      await this.volumes.update(tx, volume.id, { ...RELEASED, failedAttempts, reconcileAt });
      if (step === null) return [];
      return this.operations.markStep(tx, volume.id, step, { status: 'PENDING', errorCode: error.code });
    });
    return waitMs;
  }

  /**
   * It did not come about, and trying again will not help. One that could not grow or move is as it was; one that could not be
   * made or removed is in error until somebody deletes it.
   * @param operationId what the worker worked for: what has been asked since is not answered by it
   * @param bytes that it has, where its host could be asked: it may have grown although nobody heard of it
   */
  fail(
    claim: VolumeClaim,
    step: VolumeStep,
    operationId: string | null,
    error: DomainError,
    bytes: number | null,
  ): Promise<void> {
    return this.write(claim, async (tx, volume) => {
      const open = await this.operations.openId(tx, volume.id);
      if (open !== operationId) return this.release(tx, volume);
      // It goes with its VM, which was asked for since.
      if (volume.isUnwanted && step !== 'remove-volume') {
        await this.release(tx, volume);
        return this.operations.closeOpen(tx, volume.id, 'SUPERSEDED');
      }
      const failure = { code: error.code, message: error.message };
      const stepped = await this.operations.markStep(tx, volume.id, step, {
        status: 'FAILED',
        errorCode: error.code,
      });
      const shown = afterFailure(volume, step, failure, bytes);
      await this.volumes.update(tx, volume.id, { ...RESTED, ...shown });
      return [...stepped, ...(await this.operations.closeOpen(tx, volume.id, 'FAILED', failure))];
    });
  }

  /** It is due as the request left it. */
  private async release(tx: Transaction, { id }: Volume): Promise<EventEnvelope[]> {
    await this.volumes.update(tx, id, RELEASED);
    return [];
  }

  private async write(
    claim: VolumeClaim,
    work: (tx: Transaction, volume: Volume, now: Date) => Promise<EventEnvelope[]>,
  ): Promise<void> {
    await this.change.run(async (tx) => {
      const { volume, now } = await this.claims.lock(tx, claim);
      return { answer: undefined, events: await work(tx, volume, now) };
    });
  }
}

/** What is shown of a volume for which a step did not come about. */
const afterFailure = (
  { builtBytes }: Volume,
  step: VolumeStep,
  { code, message }: { readonly code: string; readonly message: string },
  bytes: number | null,
): Prisma.VolumeUncheckedUpdateInput => {
  if (step === 'move-volume') return { state: 'AVAILABLE', targetPoolId: null };
  if (step !== 'grow-volume') return { state: 'ERROR', errorCode: code, errorMessage: message };
  const has = BigInt(Math.max(bytes ?? 0, Number(builtBytes)));
  return { state: 'AVAILABLE', capacityBytes: has, builtBytes: has };
};
