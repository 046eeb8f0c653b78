import { DomainError, type ObservedPool, type RequestOf, type cloneDisk } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { DiskCopies } from '../disks/disk-copies.js';
import { encodeIdentity } from '../disks/disk-identity.js';
import { DiskService } from '../disks/disk.service.js';
import { writeDisk } from '../disks/linked-clone.js';
import { qemuImgConvert } from '../disks/qemu-img.js';
import { snapshotName } from '../vms/snapshot-files.js';
import { VolumeService } from '../volumes/volume.service.js';
import type { Deadline } from '../work/deadline.js';
import { errnoOf } from '../work/missing-file.js';
import { VmGate } from '../work/vm-gate.js';
import { CloneSource, type ReadableDisk } from './clone-source.js';

/** As long as the service vms waits for it. */
const COPY_TIMEOUT_MS = 14_400_000;

type Asked = RequestOf<typeof cloneDisk>;

/**
 * Makes the disk of a VM by copying another. It is written beside, with the identity of its own VM from the first byte on,
 * and renamed when it is whole: a kill leaves no disk or a whole one.
 */
@Injectable()
export class DiskCloning {
  constructor(
    private readonly gate: VmGate,
    private readonly sources: CloneSource,
    private readonly disks: DiskService,
    private readonly copies: DiskCopies,
    private readonly volumes: VolumeService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Call within the gate of the new VM. The other's is passed too: it is not started between the look and the copy. Whose
   * disk is copied is older than its copy, so that no two wait for each other.
   */
  async begin(asked: Asked, deadline: Deadline): Promise<{ readonly work: Promise<void> }> {
    const { vmId, sourceVmId } = asked;
    if (await this.disks.isMade(vmId)) return { work: Promise.resolve() };
    // Its gate is ours already.
    if (sourceVmId === vmId) throw new DomainError('CLONE_SOURCE_UNUSABLE', { vmId });
    const begun = async (): Promise<{ readonly work: Promise<void> }> => {
      const source = await this.sources.require(asked, deadline);
      // What an attempt before has left of it must not count as taken.
      await this.disks.removeCopy(vmId);
      const room = await this.volumes.pool();
      deadline.check();
      // Nothing is waited for between: who comes at the same time finds this one's room promised.
      this.requireRoom(asked, source, room);
      const disk = { sourceVmId, bytes: source.bytes };
      return { work: this.copies.begin(vmId, disk, (signal, tell) => this.copy(asked, source, signal, tell)) };
    };
    return this.gate.unfenced(sourceVmId, begun, deadline);
  }

  /** @throws DomainError POOL_FULL */
  private requireRoom(
    { vmId, reservePercent }: Asked,
    { bytes }: ReadableDisk,
    { availableBytes, capacityBytes }: ObservedPool,
  ): void {
    const { promisedBytes } = this.copies;
    if (availableBytes - promisedBytes - bytes < (capacityBytes * reservePercent) / 100)
      throw new DomainError('POOL_FULL', { vmId, availableBytes, promisedBytes, bytes, reservePercent });
  }

  private async copy(
    asked: Asked,
    source: ReadableDisk,
    stop: AbortSignal,
    tell: (percent: number) => void,
  ): Promise<void> {
    const { vmId, sourceVmId, snapshotId } = asked;
    const started = performance.now();
    const signal = AbortSignal.any([stop, AbortSignal.timeout(COPY_TIMEOUT_MS)]);
    try {
      await this.write(asked, source, signal, tell);
      if (signal.aborted) throw new DomainError('DEADLINE_EXCEEDED', { vmId });
      await this.disks.adoptCopy(vmId);
    } catch (error) {
      await this.disks.removeCopy(vmId).catch(() => undefined);
      this.logger.warn(
        { vmId, sourceVmId, snapshotId, err: error },
        'disk not copied; what was written of it is removed',
      );
      throw storageError(vmId, error);
    }
    const durationMs = Math.round(performance.now() - started);
    this.logger.info({ vmId, sourceVmId, snapshotId, durationMs }, 'disk copied');
  }

  /** What the disk has of its image it goes on having from there: the copy is as small as what was copied. */
  private async write(
    { vmId, snapshotId }: Asked,
    { path, identity, capacityBytes, image }: ReadableDisk,
    signal: AbortSignal,
    tell: (percent: number) => void,
  ): Promise<void> {
    const copy = this.disks.copyOf(vmId);
    const own = encodeIdentity({ ...identity, vmId });
    await writeDisk(copy, { identity: own, capacityBytes, ...(image === null ? {} : { image }) });
    const state = snapshotId === null ? [] : ['-l', `snapshot.name=${snapshotName(snapshotId)}`];
    // Into the file that there is: one that qemu-img makes would not say whose it is.
    const into = image === null ? ['--target-is-zero'] : ['-B', image.path, '-F', image.format];
    const args = ['-n', '-f', 'qcow2', '-O', 'qcow2', ...state, ...into, path, copy];
    await qemuImgConvert(args, { vmId }, signal, tell);
  }
}

const storageError = (vmId: string, error: unknown): unknown => {
  const errno = errnoOf(error);
  if (error instanceof DomainError || errno === undefined) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new DomainError('POOL_FULL', { vmId, errno }, { cause: error });
  const message = `The disk cannot be written to the storage of its host (${errno})`;
  return new DomainError('STORAGE_UNAVAILABLE', { vmId, errno }, { message, cause: error });
};
