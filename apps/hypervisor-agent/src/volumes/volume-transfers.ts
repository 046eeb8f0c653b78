import {
  DEFAULT_POOL,
  DomainError,
  type MigratedVolume,
  type MigrationRefusal,
  type VolumeProblem,
  type VolumeThere,
} from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { holdsSnapshots } from '../disks/disk-files.js';
import { encodeVolumeIdentity } from '../disks/disk-identity.js';
import { writeDisk } from '../disks/linked-clone.js';
import type { Deadline } from '../work/deadline.js';
import { StoragePools, type HostPool } from './storage-pools.js';
import { volumeError } from './volume-files.js';
import { VolumePlaces, restingIn } from './volume-places.js';
import { VolumeService, volumeStorageError } from './volume.service.js';

/** A volume of a VM that changes hosts, as either host remembers it. */
export interface TransferredVolume {
  readonly volumeId: string;
  /** Of the storage that it has at the other host. */
  readonly otherStorageId: string;
  /** Both hosts have it on one storage: it is not copied, and never removed by who does not have the VM. */
  readonly isShared: boolean;
}

/** A volume that comes here, and where it is to be. */
export interface ArrivingVolume extends TransferredVolume {
  readonly from: MigratedVolume;
  readonly there: VolumeThere;
  /** An attempt of this migration may have made what is in its place. */
  readonly isKnown: boolean;
}

const refused = (vmId: string, volumeId: string, reason: MigrationRefusal): DomainError =>
  new DomainError('VM_NOT_MIGRATABLE', { vmId, volumeId, reason });

/** It is asked again until it is repaired, and says nothing of the disk of the VM. */
const arrivedUnsound = (volumeId: string, { code: reason, message }: VolumeProblem): DomainError =>
  new DomainError('HOST_UNAVAILABLE', { volumeId, reason }, { message });

/** What is wrong with a volume says nothing of the VM, nor of its disk. */
const onVolume = async <T>(vmId: string, volumeId: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'VM_NOT_MIGRATABLE') throw error;
    const { code: problem, message } = error;
    const told = { message, cause: error };
    throw new DomainError('VM_NOT_MIGRATABLE', { vmId, volumeId, reason: 'VOLUMES', problem }, told);
  }
};

/** Volumes that go to another host with the VM that they are attached to, and those that come here so. */
@Injectable()
export class VolumeTransfers {
  constructor(
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    private readonly volumes: VolumeService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * What the other host has to know of one. Changes nothing.
   * @param path where a definition has it
   * @throws DomainError VM_NOT_MIGRATABLE
   */
  async leaving(vmId: string, path: string): Promise<MigratedVolume> {
    const volumeId = this.volumes.idAt(path);
    if (volumeId === undefined) throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'VOLUMES' });
    return onVolume(vmId, volumeId, async () => {
      // What a move has left elsewhere is removed by who has the volume.
      if (this.places.of(volumeId).phase !== 'RESTS') throw new DomainError('VOLUME_BUSY', { volumeId });
      const capacityBytes = await this.volumes.requireSound(volumeId, true);
      const { name: poolName, mark, files } = this.volumes.poolOf(volumeId);
      // A copy would hold none of them.
      if (await holdsSnapshots(path)) throw refused(vmId, volumeId, 'SNAPSHOTS');
      const usedBytes = (await files.allocationOf(volumeId)) ?? 0;
      return { volumeId, poolName, storageId: await mark.id(), capacityBytes, usedBytes };
    });
  }

  /**
   * The volumes of a VM by where they are here, each with where it is to be, before anything is done.
   * @throws DomainError VM_NOT_MIGRATABLE when one has no place there, or the two storages are copies of one
   */
  async matched(
    { vmId, migrationId }: { readonly vmId: string; readonly migrationId: string },
    paths: readonly string[],
    there: readonly VolumeThere[],
  ): Promise<TransferredVolume[]> {
    const matched: TransferredVolume[] = [];
    for (const path of paths) {
      const place = this.placeOf(path, there);
      if (place === undefined) throw new DomainError('VM_NOT_MIGRATABLE', { vmId, reason: 'VOLUMES' });
      const { volumeId, storageId: otherStorageId } = place;
      const isShared = await onVolume(vmId, volumeId, async () => {
        const { mark } = this.volumes.poolOf(volumeId);
        if ((await mark.id()) !== otherStorageId) return false;
        if (!(await mark.isAnnounced(migrationId))) throw refused(vmId, volumeId, 'VOLUMES');
        return true;
      });
      matched.push({ volumeId, otherStorageId, isShared });
    }
    return matched;
  }

  /** The volume whose place a path is; undefined: it is none's. */
  idAt(path: string): string | undefined {
    return this.volumes.idAt(path);
  }

  /** Where the volume in a file is to be; undefined: it is none, or has no place there. */
  placeOf(path: string, there: readonly VolumeThere[]): VolumeThere | undefined {
    const id = this.volumes.idAt(path);
    return there.find(({ volumeId }) => volumeId === id);
  }

  /**
   * Each in the pool of the same name, or in the one that every host has.
   * @param known an attempt of this migration has chosen a place for them, and may have made them there
   * @throws DomainError STORAGE_UNAVAILABLE
   */
  async placesFor(volumes: readonly MigratedVolume[], known: ReadonlySet<string>): Promise<ArrivingVolume[]> {
    const arriving: ArrivingVolume[] = [];
    for (const from of volumes) {
      const { volumeId, storageId: otherStorageId } = from;
      const isKnown = known.has(volumeId);
      const pool = isKnown ? this.volumes.poolOf(volumeId) : this.poolLike(from.poolName);
      const storageId = await pool.mark.id();
      const there = { volumeId, poolName: pool.name, storageId, path: pool.files.pathOf(volumeId) };
      arriving.push({ volumeId, otherStorageId, isShared: storageId === otherStorageId, isKnown, from, there });
    }
    return arriving;
  }

  private poolLike(poolName: string): HostPool {
    return this.pools.all.find(({ name }) => name === poolName) ?? this.pools.get(DEFAULT_POOL);
  }

  /** @throws DomainError VM_NOT_MIGRATABLE */
  requirePlace(vmId: string, { volumeId, isShared, isKnown, there }: ArrivingVolume): Promise<void> {
    return onVolume(vmId, volumeId, async () => {
      // A guest runs on it, on the other host.
      const finding = await this.poolFor(there).files.look(volumeId, true);
      const isAway = finding.status === 'UNUSABLE' && finding.problem.code === 'STORAGE_UNAVAILABLE';
      if (finding.status !== 'SOUND' && (isShared || isAway)) throw volumeError(volumeId, finding.problem);
      if (!isShared && finding.status !== 'ABSENT' && !isKnown) throw refused(vmId, volumeId, 'VOLUMES');
    });
  }

  /**
   * That what is copied leaves a part of each pool free.
   * @param beside bytes that come into the pool of the disks besides
   * @throws DomainError POOL_FULL
   */
  async requireRoom(
    vmId: string,
    volumes: readonly ArrivingVolume[],
    { beside, reservePercent }: { readonly beside: number; readonly reservePercent: number },
  ): Promise<void> {
    const wanted = new Map([[DEFAULT_POOL, beside]]);
    for (const { isShared, from, there } of volumes)
      if (!isShared) wanted.set(there.poolName, (wanted.get(there.poolName) ?? 0) + from.usedBytes);
    for (const [poolName, bytes] of wanted) {
      const { availableBytes, capacityBytes } = await this.volumes.observe(this.pools.get(poolName));
      if (bytes > 0 && availableBytes - bytes < (capacityBytes * reservePercent) / 100)
        throw new DomainError('POOL_FULL', { vmId, poolName, availableBytes, bytes, reservePercent });
    }
  }

  /** Where it is looked for from now on, before anything is there: what is removed is never looked for elsewhere. */
  async expect({ volumeId, there }: ArrivingVolume): Promise<void> {
    await this.volumes.disown(volumeId);
    await this.places.keep(volumeId, restingIn(there.poolName));
  }

  /** An empty file that libvirt fills: anew, for what an attempt before has left of it may be of any time. */
  async make(migrationId: string, { volumeId, isShared, from, there }: ArrivingVolume): Promise<void> {
    const { mark, files } = this.poolFor(there);
    const { capacityBytes } = from;
    try {
      await mark.require();
      if (isShared) return await mark.announce(migrationId);
      await files.removeUnfinished(volumeId);
      await writeDisk(files.pathOf(volumeId), { identity: encodeVolumeIdentity({ volumeId }), capacityBytes });
    } catch (error) {
      throw volumeStorageError(volumeId, error);
    }
  }

  /**
   * It belongs to this host from now on. It has to be whole also when nothing runs on it: the other host removes its own.
   * @throws DomainError HOST_UNAVAILABLE while it is not
   */
  async adopt(migrationId: string, { volumeId, isShared }: TransferredVolume): Promise<void> {
    const finding = await this.volumes.inspect(volumeId, true);
    if (finding.status !== 'SOUND') throw arrivedUnsound(volumeId, finding.problem);
    await this.volumes.adopt(volumeId);
    if (isShared) await this.renounce(migrationId, volumeId);
  }

  /**
   * It belongs to the other host. One that both have stays, looked at once more: it would be the only one. Of a pool that
   * this host is not configured with any more nothing can be removed.
   * @throws DomainError STORAGE_UNAVAILABLE while the storage is away
   */
  async leave(
    migrationId: string,
    { volumeId, otherStorageId, isShared }: TransferredVolume,
    deadline: Deadline,
  ): Promise<void> {
    const pool = this.pools.all.find(({ name }) => name === this.volumes.poolNameOf(volumeId));
    if (pool === undefined) {
      this.logger.error({ volumeId }, 'the pool of a volume that has left is configured no more; its file stays there');
      return this.volumes.leave(volumeId);
    }
    if (isShared) await this.renounce(migrationId, volumeId);
    if (isShared || (await pool.mark.id()) === otherStorageId) await this.volumes.leave(volumeId);
    else await this.volumes.remove(volumeId, deadline);
  }

  /** What is left of it disturbs nobody. */
  private async renounce(migrationId: string, volumeId: string): Promise<void> {
    try {
      await this.volumes.poolOf(volumeId).mark.renounce(migrationId);
    } catch (err) {
      this.logger.warn({ err, volumeId, migrationId }, 'the announcement of a migration is left on a storage');
    }
  }

  private poolFor({ poolName }: VolumeThere): HostPool {
    return this.pools.get(poolName);
  }
}
