import { DomainError, type MigrationSource, type RequestOf, type prepareMigration } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { diskError } from '../disks/disk-problem.js';
import { DiskService } from '../disks/disk.service.js';
import { ImageStore, type UsableImage } from '../images/image.store.js';
import { VolumeService } from '../volumes/volume.service.js';
import { notMigratable } from './migration-facts.js';

type Asked = RequestOf<typeof prepareMigration>;

/** The disk of a VM that comes from another host: made here to be filled, or on a storage that both hosts have. */
@Injectable()
export class ArrivingDisk {
  constructor(
    private readonly disks: DiskService,
    private readonly images: ImageStore,
    private readonly volumes: VolumeService,
  ) {}

  async compare({ storageId: theirs }: MigrationSource): Promise<{ storageId: string; isShared: boolean }> {
    const storageId = await this.disks.storageId();
    return { storageId, isShared: storageId === theirs };
  }

  /**
   * @param isOurs an attempt of this migration may have made what is in its place
   * @throws DomainError VM_NOT_MIGRATABLE, IMAGE_MISSING, IMAGE_REPLACED, POOL_FULL, and the problems of disks where both
   * hosts have the same
   */
  async requirePlace(
    asked: Asked,
    { isShared, isOurs }: { readonly isShared: boolean; readonly isOurs: boolean },
  ): Promise<void> {
    const { vmId } = asked;
    // A guest runs on it, on the other host.
    const finding = await this.disks.inspect(vmId, true);
    if (isShared) {
      if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
      return;
    }
    if (finding.status === 'UNUSABLE' && finding.problem.code === 'STORAGE_UNAVAILABLE')
      throw diskError(vmId, finding.problem);
    if (finding.status !== 'ABSENT' && !isOurs) throw notMigratable(vmId, 'DISK');
    await this.imageOf(asked);
    await this.requireRoom(asked);
  }

  /** The host that it leaves looks whether it finds that. */
  announce({ vmId, migrationId }: Asked): Promise<void> {
    return this.disks.announce(vmId, migrationId);
  }

  /** Anew: what an attempt before has left of it may be of any time. */
  async make(asked: Asked): Promise<void> {
    const { vmId, source } = asked;
    const { imageId, imageSha256, capacityBytes } = source.disk;
    // Nothing that was remembered of one that it had here once is of this one.
    await this.disks.leave(vmId);
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

  private async requireRoom({ vmId, source, reservePercent }: Asked): Promise<void> {
    const { availableBytes, capacityBytes } = await this.volumes.pool();
    const bytes = source.disk.usedBytes;
    if (availableBytes - bytes < (capacityBytes * reservePercent) / 100)
      throw new DomainError('POOL_FULL', { vmId, availableBytes, bytes, reservePercent });
  }
}
