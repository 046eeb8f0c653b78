import { DomainError } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { HostPool } from './storage-pools.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeService } from './volume.service.js';

/** Bytes of a pool that a copy would be written to. */
interface Available {
  readonly capacityBytes: number;
  readonly availableBytes: number;
}

interface Needed {
  readonly bytes: number;
  readonly available: Available;
  readonly reservePercent: number;
}

/** Whether a copy of a volume has room in a pool, beside the copies that are under way. */
@Injectable()
export class VolumeRoom {
  constructor(
    private readonly volumes: VolumeService,
    private readonly copies: VolumeCopies,
  ) {}

  /** What a copy takes up, and what there is. @throws DomainError STORAGE_UNAVAILABLE */
  async look(
    volumeId: string,
    from: HostPool,
    to: HostPool,
  ): Promise<{ readonly bytes: number; readonly available: Available }> {
    await to.mark.require();
    const [bytes, available] = await Promise.all([from.files.allocationOf(volumeId), this.volumes.observe(to)]);
    return { bytes: bytes ?? 0, available };
  }

  /** @throws DomainError POOL_FULL */
  require(volumeId: string, { bytes, available, reservePercent }: Needed): void {
    const { promisedBytes } = this.copies;
    const { availableBytes, capacityBytes } = available;
    if (availableBytes - promisedBytes - bytes < (capacityBytes * reservePercent) / 100)
      throw new DomainError('POOL_FULL', { volumeId, availableBytes, promisedBytes, bytes, reservePercent });
  }
}
