import {
  DomainError,
  type RequestOf,
  type SourceWithVolumes,
  type prepareMigrationWithVolumes,
} from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { ImageStore, type UsableImage } from '../images/image.store.js';
import type { MigrationRecord } from '../vms/migration-records.js';
import { VolumeTransfers, type ArrivingVolume } from '../volumes/volume-transfers.js';
import { notMigratable } from './migration-facts.js';

type Asked = RequestOf<typeof prepareMigrationWithVolumes>;

/** What a VM that comes from another host is to have here. */
export interface ArrivingStorage {
  readonly storageId: string;
  /** Both hosts have its disk. */
  readonly isShared: boolean;
  readonly volumes: readonly ArrivingVolume[];
}

/**
 * The disk and the volumes of a VM that comes from another host: made here to be filled, or on a storage that both hosts
 * have.
 */
@Injectable()
export class ArrivingDisks {
  constructor(
    private readonly disks: DiskService,
    private readonly images: ImageStore,
    private readonly volumes: VolumeTransfers,
  ) {}

  /** @param record of an attempt before @throws DomainError STORAGE_UNAVAILABLE */
  async compare(
    { storageId: theirs, volumes }: SourceWithVolumes,
    record: MigrationRecord | undefined,
  ): Promise<ArrivingStorage> {
    const storageId = await this.disks.storageId();
    const known = new Set(record?.volumes.map(({ volumeId }) => volumeId));
    return { storageId, isShared: storageId === theirs, volumes: await this.volumes.placesFor(volumes, known) };
  }

  /**
   * @param isOurs an attempt of this migration may have made what is in its place
   * @throws DomainError VM_NOT_MIGRATABLE, IMAGE_MISSING, IMAGE_REPLACED, POOL_FULL, and the problems of disks and volumes
   * where both hosts have the same
   */
  async requirePlaces(asked: Asked, { isShared, volumes }: ArrivingStorage, isOurs: boolean): Promise<void> {
    const { vmId, source, reservePercent } = asked;
    await this.requirePlaceOfDisk(asked, isShared, isOurs);
    for (const volume of volumes) await this.volumes.requirePlace(vmId, volume);
    const beside = isShared ? 0 : source.disk.usedBytes;
    await this.volumes.requireRoom(vmId, volumes, { beside, reservePercent });
  }

  /** Where volumes are looked for from now on, before anything of them is there. */
  async expect({ volumes }: ArrivingStorage): Promise<void> {
    for (const volume of volumes) await this.volumes.expect(volume);
  }

  /** Anew: what an attempt before has left may be of any time. What both have, the host that it leaves looks for. */
  async make(asked: Asked, { isShared, volumes }: ArrivingStorage): Promise<void> {
    const { vmId, migrationId } = asked;
    await (isShared ? this.disks.announce(vmId, migrationId) : this.makeDisk(asked));
    for (const volume of volumes) await this.volumes.make(migrationId, volume);
  }

  private async requirePlaceOfDisk(asked: Asked, isShared: boolean, isOurs: boolean): Promise<void> {
    const { vmId } = asked;
    // A guest runs on it, on the other host.
    const finding = await this.disks.inspect(vmId, true);
    if (isShared) {
      if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
      await this.disks.requirePlainVariables(vmId);
      return;
    }
    if (finding.status === 'UNUSABLE' && finding.problem.code === 'STORAGE_UNAVAILABLE')
      throw diskError(vmId, finding.problem);
    if (finding.status !== 'ABSENT' && !isOurs) throw notMigratable(vmId, 'DISK');
    await this.imageOf(asked);
  }

  private async makeDisk(asked: Asked): Promise<void> {
    const { vmId, source } = asked;
    const { imageId, imageSha256, capacityBytes } = source.disk;
    // Nothing that was remembered of one that it had here once is of this one.
    await this.disks.leave(vmId);
    // libvirt makes variables of UEFI where there are none, and QEMU fills them with those that come.
    await this.disks.removeVariables(vmId);
    await this.disks.makeToFill({ vmId, imageId, imageSha256 }, capacityBytes, await this.imageOf(asked));
  }

  /** undefined: its disk reads from none. @throws DomainError IMAGE_MISSING, IMAGE_REPLACED */
  private async imageOf({ vmId, source: { disk } }: Asked): Promise<UsableImage | undefined> {
    if (!disk.isLinked) return undefined;
    const { imageId } = disk;
    const found = await this.images.find(imageId);
    if (found === undefined) throw new DomainError('IMAGE_MISSING', { vmId, imageId });
    if (found.refusal !== null || found.image.sha256 !== disk.imageSha256)
      throw new DomainError('IMAGE_REPLACED', { vmId, imageId });
    return found.image;
  }
}
