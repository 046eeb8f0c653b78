import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEFAULT_POOL, DomainError, type ObservedPool, type ObservedVolume } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { encodeVolumeIdentity } from '../disks/disk-identity.js';
import { writeDisk } from '../disks/linked-clone.js';
import { qemuImg } from '../disks/qemu-img.js';
import type { Deadline } from '../work/deadline.js';
import { FenceStore } from '../work/fence-store.js';
import { errnoOf, isMissing } from '../work/missing-file.js';
import { StoragePools, type HostPool } from './storage-pools.js';
import { unusableVolume, volumeError, type VolumeFinding } from './volume-files.js';
import { VolumePlaces, restingIn } from './volume-places.js';

/** What this host remembers of a volume. */
const MADE = 1;

/** Volumes: files of their own in the pools of the host. One is made once; whatever becomes of it, this host makes no second one. */
@Injectable()
export class VolumeService {
  private readonly made: FenceStore;

  constructor(
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    @Inject(AGENT_CONFIG) config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.made = new FenceStore(join(config.STATE_DIR, 'volumes'));
  }

  /** @throws DomainError STORAGE_UNAVAILABLE: its pool is not configured any more */
  pathOf(volumeId: string): string {
    return this.poolOf(volumeId).files.pathOf(volumeId);
  }

  /** Where it is, or shall be made. @throws DomainError STORAGE_UNAVAILABLE: its pool is not configured any more */
  poolOf(volumeId: string): HostPool {
    return this.pools.holding(this.poolNameOf(volumeId));
  }

  poolNameOf(volumeId: string): string {
    return this.places.of(volumeId).pool;
  }

  /** The volume whose place a path is; undefined when it is none's. What a move has left elsewhere is no volume. */
  idAt(path: string): string | undefined {
    for (const { name, files } of this.pools.all) {
      const id = files.idAt(path);
      if (id !== undefined) return this.places.of(id).pool === name ? id : undefined;
    }
    return undefined;
  }

  /** @param inUse whether a guest may run on it */
  async inspect(volumeId: string, inUse: boolean): Promise<VolumeFinding> {
    try {
      const { mark, files } = this.poolOf(volumeId);
      await mark.require();
      return await files.look(volumeId, inUse);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'STORAGE_UNAVAILABLE')
        return unusableVolume('STORAGE_UNAVAILABLE', error.message);
      throw error;
    }
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

  /**
   * @param poolName where it is made; one that is there already stays where it is
   * @throws DomainError POOL_NOT_FOUND, POOL_FULL and what requireSound throws
   */
  async ensure(
    volumeId: string,
    capacityBytes: number,
    poolName: string,
    deadline: Deadline,
  ): Promise<{ readonly created: boolean; readonly capacityBytes: number }> {
    const has = await this.madeBytes(volumeId, poolName);
    if (has !== null) return { created: false, capacityBytes: has };
    deadline.check();
    await this.write(volumeId, () =>
      writeDisk(this.pathOf(volumeId), { identity: encodeVolumeIdentity({ volumeId }), capacityBytes }),
    );
    await this.adopt(volumeId);
    return { created: true, capacityBytes };
  }

  /**
   * Whether it is there; where it is not, it is to be made in the pool, which is recorded first.
   * @returns bytes that a guest sees; null: it is to be made
   * @throws DomainError POOL_NOT_FOUND, and the problems of volumes, also for one that was made before and is gone
   */
  async madeBytes(volumeId: string, poolName: string): Promise<number | null> {
    const isMade = (await this.made.get(volumeId)) >= MADE;
    if (!isMade) {
      const { name } = this.pools.get(poolName);
      if (this.places.of(volumeId).pool !== name) await this.places.keep(volumeId, restingIn(name));
    }
    const finding = await this.inspect(volumeId, true);
    if (finding.status === 'SOUND') {
      await this.adopt(volumeId);
      return finding.capacityBytes;
    }
    if (finding.status === 'UNUSABLE' || isMade) throw volumeError(volumeId, finding.problem);
    return null;
  }

  /** What is in its place was made. */
  adopt(volumeId: string): Promise<void> {
    return this.made.raise(volumeId, MADE);
  }

  /** Nothing of it was made here, whatever is in its place. */
  disown(volumeId: string): Promise<void> {
    return this.made.forget(volumeId);
  }

  /** It is another host's from now on, which finds it in the same place. */
  async leave(volumeId: string): Promise<void> {
    await this.disown(volumeId);
    await this.places.forget(volumeId);
  }

  /**
   * Removes its file, and what a move has left of it elsewhere: each only if it is this volume.
   * @returns whether there was one
   * @throws DomainError STORAGE_UNAVAILABLE
   */
  async remove(volumeId: string, deadline: Deadline): Promise<boolean> {
    const { pool, other } = this.places.of(volumeId);
    const places = [this.pools.holding(pool), ...(other === null ? [] : [this.pools.holding(other)])];
    let isRemoved = false;
    for (const { mark, files } of places) {
      await mark.require();
      const isOurs = await files.belongsTo(volumeId);
      deadline.check();
      if (isOurs === true) await files.remove(volumeId);
      if (isOurs === false)
        this.logger.error({ volumeId }, 'in the place of the volume is a file that is not it; the file is left alone');
      await files.removeUnfinished(volumeId);
      isRemoved ||= isOurs === true;
    }
    await this.leave(volumeId);
    return isRemoved;
  }

  /**
   * Makes the file larger. QEMU's own lock on it refuses that while a guest has it.
   * @throws DomainError HYPERVISOR_ERROR, UNSUPPORTED_BY_DRIVER, POOL_FULL, DEADLINE_EXCEEDED
   */
  async growFile(volumeId: string, capacityBytes: number, deadline: Deadline): Promise<void> {
    const resize = ['resize', '-q', '-f', 'qcow2', this.pathOf(volumeId), String(capacityBytes)];
    await qemuImg(resize, { volumeId }, deadline);
  }

  /** The pool of the disks as it is now. */
  pool(): Promise<ObservedPool> {
    return this.observe(this.pools.get(DEFAULT_POOL));
  }

  /** All pools as they are now. */
  observePools(): Promise<ObservedPool[]> {
    return Promise.all(this.pools.all.map((pool) => this.observe(pool)));
  }

  /** One pool as it is now. Changes nothing: a storage that nothing was made on yet is not marked by this. */
  async observe({ name, folder, mark }: HostPool): Promise<ObservedPool> {
    const away = await mark.whyAway();
    const { capacityBytes, availableBytes } = await spaceOf(folder);
    const problem = away === null ? null : ({ code: 'STORAGE_UNAVAILABLE', message: away.message } as const);
    return { name, kind: 'dir', capacityBytes, availableBytes, problem };
  }

  /** What volumes of this host take up; those whose file is away are left out. */
  async allocations(limit: number): Promise<ObservedVolume[]> {
    const found: ObservedVolume[] = [];
    const pools = new Map(this.pools.all.map((pool) => [pool.name, pool]));
    for (const volumeId of (await this.made.keys()).slice(0, limit)) {
      const pool = pools.get(this.places.of(volumeId).pool);
      const allocationBytes = (await pool?.files.allocationOf(volumeId)) ?? null;
      if (allocationBytes !== null) found.push({ volumeId, allocationBytes });
    }
    return found;
  }

  private async write(volumeId: string, make: () => Promise<void>): Promise<void> {
    try {
      await make();
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      await this.poolOf(volumeId)
        .files.removeUnfinished(volumeId)
        .catch(() => undefined);
      throw volumeStorageError(volumeId, error);
    }
  }
}

/** What writing a volume failed with, in words of ours. */
export const volumeStorageError = (volumeId: string, error: unknown): unknown => {
  const errno = errnoOf(error);
  if (error instanceof DomainError || errno === undefined) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new DomainError('POOL_FULL', { volumeId, errno }, { cause: error });
  const message = `The volume cannot be written to the storage of its host (${errno})`;
  return new DomainError('STORAGE_UNAVAILABLE', { volumeId, errno }, { message, cause: error });
};

/** Of the file system that a folder is on, or will be on: before anything is made in it, it need not exist. */
const spaceOf = async (
  wanted: string,
): Promise<{ readonly capacityBytes: number; readonly availableBytes: number }> => {
  for (let folder = wanted; ; folder = dirname(folder))
    try {
      const { bsize, blocks, bavail } = await statfs(folder);
      return { capacityBytes: bsize * blocks, availableBytes: bsize * bavail };
    } catch (error) {
      if (!isMissing(error) || folder === dirname(folder)) return { capacityBytes: 0, availableBytes: 0 };
    }
};
