import { DomainError, isRetryable, type RequestOf, type cloneVolume } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import type { HostPool } from './storage-pools.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeFileCopy, type FileCopy } from './volume-file-copy.js';
import { VolumeRoom } from './volume-room.js';
import { VolumeService, volumeStorageError } from './volume.service.js';

/** As long as the service vms waits for it. */
const COPY_TIMEOUT_MS = 14_400_000;

type Asked = RequestOf<typeof cloneVolume>;

/** Makes a volume by copying another, as the disk of a clone is made. */
@Injectable()
export class VolumeCloning {
  constructor(
    private readonly gate: VmGate,
    private readonly volumes: VolumeService,
    private readonly copies: VolumeCopies,
    private readonly room: VolumeRoom,
    private readonly files: VolumeFileCopy,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call within the gate of the new volume. That of the other, which is older, is passed too. */
  async begin(asked: Asked, deadline: Deadline): Promise<{ readonly work: Promise<void> }> {
    const { volumeId, sourceVolumeId, poolName, reservePercent } = asked;
    if ((await this.volumes.madeBytes(volumeId, poolName)) !== null) return { work: Promise.resolve() };
    // Its gate is ours already.
    if (sourceVolumeId === volumeId) throw new DomainError('CLONE_SOURCE_UNUSABLE', { volumeId });
    const to = this.volumes.poolOf(volumeId);
    const begun = async (): Promise<{ readonly work: Promise<void> }> => {
      const { from, capacityBytes } = await this.source(sourceVolumeId);
      const { bytes, available } = await this.room.look(sourceVolumeId, from, to);
      deadline.check();
      // Nothing is waited for between: who comes at the same time finds this one's room promised.
      this.room.require(volumeId, { bytes, available, reservePercent });
      const copy = { volumeId, source: from.files.pathOf(sourceVolumeId), to, capacityBytes };
      const copied = { sourceVmId: sourceVolumeId, bytes };
      return { work: this.copies.begin(volumeId, copied, (signal, tell) => this.copy(copy, signal, tell)) };
    };
    return this.gate.unfenced(sourceVolumeId, begun, deadline);
  }

  /** @throws DomainError CLONE_SOURCE_UNUSABLE, and what passes */
  private async source(volumeId: string): Promise<{ readonly from: HostPool; readonly capacityBytes: number }> {
    // It may be read more than once; what is being made or moved itself is not read.
    if (this.copies.isUnderWay(volumeId)) throw new DomainError('VM_BUSY', { volumeId, reason: 'it is being copied' });
    try {
      const capacityBytes = await this.volumes.requireSound(volumeId, false);
      return { from: this.volumes.poolOf(volumeId), capacityBytes };
    } catch (error) {
      if (isRetryable(error) || !(error instanceof DomainError)) throw error;
      throw new DomainError('CLONE_SOURCE_UNUSABLE', { volumeId, reason: error.code }, { cause: error });
    }
  }

  private async copy(copy: FileCopy, stop: AbortSignal, tell: (percent: number) => void): Promise<void> {
    const { volumeId, to } = copy;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(COPY_TIMEOUT_MS)]);
    try {
      await this.files.run(copy, signal, tell);
      await this.volumes.adopt(volumeId);
    } catch (error) {
      await to.files.removeUnfinished(volumeId).catch(() => undefined);
      this.logger.warn({ volumeId, err: error }, 'volume not copied; what was written of it is removed');
      throw volumeStorageError(volumeId, error);
    }
    this.logger.info({ volumeId, pool: to.name }, 'volume copied');
  }
}
