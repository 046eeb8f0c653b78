import {
  DEFAULT_POOL,
  DomainError,
  abortVolumeMove,
  cloneVolume,
  ensurePooledVolume,
  ensureVolume,
  growVolume,
  inspectVolume,
  moveVolume,
  removeVolume,
} from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { copyPercent, type VolumeStep } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Volume } from '../generated/prisma/client.js';
import { StoragePoolRepository } from '../volumes/storage-pool.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';

/** What became of a step: it is done, and how many bytes a guest sees then; or it goes on, and how far it is. */
export type StepOutcome =
  { readonly isDone: true; readonly bytes: number } | { readonly isDone: false; readonly percent: number };

const done = (bytes: number): StepOutcome => ({ isDone: true, bytes });

/** What the host of a volume is asked for. */
@Injectable()
export class VolumeHost {
  constructor(
    private readonly requests: RequestClient,
    private readonly pools: StoragePoolRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
  ) {}

  async perform(step: VolumeStep, volume: Volume): Promise<StepOutcome> {
    const target = { volumeId: volume.id, fence: volume.fence };
    const on = { hostId: volume.hostId };
    switch (step) {
      case 'make-volume':
        return done(await this.make(volume));
      case 'copy-volume':
        return this.copy(volume);
      case 'grow-volume': {
        const wanted = { ...target, capacityBytes: Number(volume.capacityBytes), vmId: volume.attachedVmId };
        return done((await this.requests.call(growVolume, wanted, on)).capacityBytes);
      }
      case 'move-volume':
        return this.move(volume);
      case 'remove-volume':
        await this.requests.call(removeVolume, target, on);
        return done(0);
    }
  }

  /** @returns bytes that a guest sees; null: there is no sound volume */
  async sizeOf({ id: volumeId, hostId }: Volume): Promise<number | null> {
    return (await this.requests.call(inspectVolume, { volumeId }, { hostId })).capacityBytes;
  }

  /** Ends a move. @returns whether it had come about: the volume is where it was to be */
  async abortMove({ id: volumeId, fence, hostId, targetPoolId }: Volume): Promise<boolean> {
    const { poolName } = await this.requests.call(abortVolumeMove, { volumeId, fence }, { hostId });
    return targetPoolId !== null && poolName === (await this.nameOf(targetPoolId));
  }

  /** In the pool that every host has by the command that every agent knows. */
  private async make({ id: volumeId, fence, hostId, poolId, capacityBytes: wanted }: Volume): Promise<number> {
    const poolName = await this.nameOf(poolId);
    const request = { volumeId, fence, capacityBytes: Number(wanted) };
    const { capacityBytes } =
      poolName === DEFAULT_POOL
        ? await this.requests.call(ensureVolume, request, { hostId })
        : await this.requests.call(ensurePooledVolume, { ...request, poolName }, { hostId });
    return capacityBytes;
  }

  private async copy({ id: volumeId, fence, hostId, poolId, cloneSourceId }: Volume): Promise<StepOutcome> {
    const { reservePercent } = this.options;
    const poolName = await this.nameOf(poolId);
    const request = { volumeId, fence, sourceVolumeId: cloneSourceId ?? volumeId, poolName, reservePercent };
    const answer = await this.requests.call(cloneVolume, request, { hostId });
    if (answer.isComplete) return done(answer.capacityBytes);
    return { isDone: false, percent: copyPercent(answer.copiedBytes, answer.totalBytes) };
  }

  private async move(volume: Volume): Promise<StepOutcome> {
    const { id: volumeId, fence, hostId, poolId, targetPoolId, attachedVmId: vmId, builtBytes } = volume;
    const { reservePercent } = this.options;
    const poolName = await this.nameOf(targetPoolId ?? poolId);
    const request = { volumeId, fence, poolName, vmId, reservePercent };
    const answer = await this.requests.call(moveVolume, request, { hostId });
    if (answer.isComplete) return done(Number(builtBytes));
    return { isDone: false, percent: copyPercent(answer.copiedBytes, answer.totalBytes) };
  }

  private async nameOf(poolId: string): Promise<string> {
    const { rows } = await this.pools.findMany([poolId]);
    const [pool] = rows;
    if (pool === undefined) throw new DomainError('POOL_NOT_FOUND', { poolId });
    return pool.name;
  }
}
