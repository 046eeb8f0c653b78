import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError, type ObservedPool, type ObservedVolume } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { encodeVolumeIdentity } from '../disks/disk-identity.js';
import { writeDisk } from '../disks/linked-clone.js';
import { qemuImg } from '../disks/qemu-img.js';
import { StorageMark } from '../disks/storage-mark.js';
import type { Deadline } from '../work/deadline.js';
import { FenceStore } from '../work/fence-store.js';
import { errnoOf, isMissing } from '../work/missing-file.js';
import { VolumeFiles, unusableVolume, volumeError, type VolumeFinding } from './volume-files.js';

/** The one pool that a host has: the folder of its disks. */
const POOL_NAME = 'default';
/** What this host remembers of a volume. */
const MADE = 1;

/** Volumes: files of their own beside the disks of VMs. One is made once; whatever becomes of it, this host makes no second one. */
@Injectable()
export class VolumeService {
  private readonly files: VolumeFiles;
  private readonly storage: StorageMark;
  private readonly made: FenceStore;

  constructor(
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.files = new VolumeFiles(config.DISK_DIR);
    this.storage = new StorageMark(config.DISK_DIR, config.STATE_DIR);
    this.made = new FenceStore(join(config.STATE_DIR, 'volumes'));
  }

  pathOf(volumeId: string): string {
    return this.files.pathOf(volumeId);
  }

  /** The volume whose place a path is; undefined when it is none's. */
  idAt(path: string): string | undefined {
    return this.files.idAt(path);
  }

  /** @param inUse whether a guest may run on it */
  async inspect(volumeId: string, inUse: boolean): Promise<VolumeFinding> {
    try {
      await this.storage.require();
    } catch (error) {
      if (error instanceof DomainError && error.code === 'STORAGE_UNAVAILABLE')
        return unusableVolume('STORAGE_UNAVAILABLE', error.message);
      throw error;
    }
    return this.files.look(volumeId, inUse);
  }

  /**
   * @returns bytes that a guest sees
   * @throws DomainError VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED, STORAGE_UNAVAILABLE
   */
  async requireSound(volumeId: string, inUse: boolean): Promise<number> {
    const finding = await this.inspect(volumeId, inUse);
    if (finding.status !== 'SOUND') throw volumeError(volumeId, finding.problem);
    return finding.capacityBytes;
  }

  /** @throws DomainError POOL_FULL and what requireSound throws */
  async ensure(
    volumeId: string,
    capacityBytes: number,
    deadline: Deadline,
  ): Promise<{ readonly created: boolean; readonly capacityBytes: number }> {
    const finding = await this.inspect(volumeId, true);
    if (finding.status === 'SOUND') {
      await this.made.raise(volumeId, MADE);
      return { created: false, capacityBytes: finding.capacityBytes };
    }
    if (finding.status === 'UNUSABLE' || (await this.made.get(volumeId)) >= MADE)
      throw volumeError(volumeId, finding.problem);
    deadline.check();
    await this.write(volumeId, () =>
      writeDisk(this.pathOf(volumeId), { identity: encodeVolumeIdentity({ volumeId }), capacityBytes }),
    );
    await this.made.raise(volumeId, MADE);
    return { created: true, capacityBytes };
  }

  /**
   * Removes the file only if it is this volume.
   * @returns whether there was one
   * @throws DomainError STORAGE_UNAVAILABLE
   */
  async remove(volumeId: string, deadline: Deadline): Promise<boolean> {
    await this.storage.require();
    const isOurs = await this.files.belongsTo(volumeId);
    deadline.check();
    if (isOurs === true) await this.files.remove(volumeId);
    if (isOurs === false)
      this.logger.error({ volumeId }, 'in the place of the volume is a file that is not it; the file is left alone');
    await this.files.removeUnfinished(volumeId);
    await this.made.forget(volumeId);
    return isOurs === true;
  }

  /**
   * Makes the file larger. QEMU's own lock on it refuses that while a guest has it.
   * @throws DomainError HYPERVISOR_ERROR, UNSUPPORTED_BY_DRIVER, POOL_FULL, DEADLINE_EXCEEDED
   */
  async growFile(volumeId: string, capacityBytes: number, deadline: Deadline): Promise<void> {
    const resize = ['resize', '-q', '-f', 'qcow2', this.pathOf(volumeId), String(capacityBytes)];
    await qemuImg(resize, { volumeId }, deadline);
  }

  /** The pool as it is now. Changes nothing: a storage that nothing was made on yet is not marked by this. */
  async pool(): Promise<ObservedPool> {
    const away = await this.storage.whyAway();
    const { capacityBytes, availableBytes } = await this.space();
    const problem = away === null ? null : ({ code: 'STORAGE_UNAVAILABLE', message: away.message } as const);
    return { name: POOL_NAME, kind: 'dir', capacityBytes, availableBytes, problem };
  }

  /** What volumes of this host take up; those whose file is away are left out. */
  async allocations(limit: number): Promise<ObservedVolume[]> {
    const found: ObservedVolume[] = [];
    for (const volumeId of (await this.made.keys()).slice(0, limit)) {
      const allocationBytes = await this.files.allocationOf(volumeId);
      if (allocationBytes !== null) found.push({ volumeId, allocationBytes });
    }
    return found;
  }

  private async space(): Promise<{ readonly capacityBytes: number; readonly availableBytes: number }> {
    // Before anything is made the folder need not exist: it will be on the file system of the folder that it goes into.
    for (let folder = this.config.DISK_DIR; ; folder = dirname(folder))
      try {
        const { bsize, blocks, bavail } = await statfs(folder);
        return { capacityBytes: bsize * blocks, availableBytes: bsize * bavail };
      } catch (error) {
        if (!isMissing(error) || folder === dirname(folder)) return { capacityBytes: 0, availableBytes: 0 };
      }
  }

  private async write(volumeId: string, make: () => Promise<void>): Promise<void> {
    try {
      await make();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      await this.files.removeUnfinished(volumeId).catch(() => undefined);
      if (errno === 'ENOSPC' || errno === 'EDQUOT')
        throw new DomainError('POOL_FULL', { volumeId, errno }, { cause: error });
      const message = `The volume cannot be written to the storage of its host (${errno})`;
      throw new DomainError('STORAGE_UNAVAILABLE', { volumeId, errno }, { message, cause: error });
    }
  }
}
