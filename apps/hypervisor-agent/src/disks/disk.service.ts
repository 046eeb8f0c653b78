import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { ImageStore, type UsableImage } from '../images/image.store.js';
import type { Deadline } from '../work/deadline.js';
import { FenceStore, syncFolder } from '../work/fence-store.js';
import { errnoOf } from '../work/missing-file.js';
import { DiskCopies } from './disk-copies.js';
import type { DiskHeader } from './disk-header.js';
import { encodeIdentity, type DiskIdentity } from './disk-identity.js';
import { DiskFiles, type ImageLookup } from './disk-files.js';
import { diskError, unusable, type DiskFinding } from './disk-problem.js';
import { writeDisk, writeLinkedClone } from './linked-clone.js';
import { StorageMark } from './storage-mark.js';

/** What this host remembers of a disk. */
const MADE = 1;
const TO_BE_REMOVED = 2;

/** Disks of VMs: linked clones of images. A disk is made once; whatever becomes of it, this host makes no second one. */
@Injectable()
export class DiskService {
  private readonly files: DiskFiles;
  private readonly storage: StorageMark;
  private readonly made: FenceStore;

  constructor(
    private readonly images: ImageStore,
    private readonly copies: DiskCopies,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.files = new DiskFiles(config.DISK_DIR);
    this.storage = new StorageMark(config.DISK_DIR, config.STATE_DIR);
    this.made = new FenceStore(join(config.STATE_DIR, 'disks'));
  }

  /** @throws DomainError VM_BUSY while its disk is copied */
  requireNotCopied(vmId: string): void {
    this.copies.requireNoneOf(vmId);
  }

  pathOf(vmId: string): string {
    return this.files.pathOf(vmId);
  }

  /** @param inUse whether a guest runs on it */
  async inspect(
    vmId: string,
    inUse: boolean,
    images: ImageLookup = (id) => this.images.find(id),
  ): Promise<DiskFinding> {
    try {
      await this.storage.require();
    } catch (error) {
      if (error instanceof DomainError && error.code === 'STORAGE_UNAVAILABLE')
        return unusable('STORAGE_UNAVAILABLE', error.message);
      throw error;
    }
    return this.files.look(vmId, images, inUse);
  }

  /**
   * Right before a start.
   * @returns which file was looked at
   * @throws DomainError DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, IMAGE_MISSING, IMAGE_REPLACED, STORAGE_UNAVAILABLE
   */
  async requireSound(vmId: string): Promise<string> {
    const finding = await this.inspect(vmId, false);
    if (finding.status !== 'SOUND') throw diskError(vmId, finding.problem);
    await this.files.requirePlainVariables(vmId);
    return finding.file;
  }

  /** @throws DomainError DISK_REPLACED, STORAGE_UNAVAILABLE */
  requirePlainVariables(vmId: string): Promise<void> {
    return this.files.requirePlainVariables(vmId);
  }

  /** Those of UEFI that are beside its disk. @throws DomainError STORAGE_UNAVAILABLE */
  removeVariables(vmId: string): Promise<void> {
    return this.onStorage(vmId, () => this.files.removeVariables(vmId));
  }

  /** They are on the storage from then on. @throws DomainError STORAGE_UNAVAILABLE */
  syncVariables(vmId: string): Promise<void> {
    return this.onStorage(vmId, () => this.files.syncVariables(vmId));
  }

  /** Whether the file in the disk's place is still the one that was looked at. */
  async isStill(vmId: string, file: string): Promise<boolean> {
    return (await this.files.identityOf(vmId).catch(() => undefined)) === file;
  }

  /**
   * Whether it is there; false: it is to be made.
   * @throws DomainError the problems of disks, for what is in its place, and for one that was made before and is gone
   */
  async isMade(vmId: string): Promise<boolean> {
    const finding = await this.inspect(vmId, true);
    if (finding.status === 'SOUND') {
      await this.made.raise(vmId, MADE);
      return true;
    }
    if (finding.status === 'UNUSABLE' || (await this.made.get(vmId)) >= MADE) throw diskError(vmId, finding.problem);
    return false;
  }

  /** What the file of a disk says of itself. */
  headerOf(vmId: string): Promise<DiskHeader | undefined> {
    return this.files.headerOf(vmId);
  }

  /** Where a copy is written that is to be the disk. */
  copyOf(vmId: string): string {
    return this.files.copyOf(vmId);
  }

  /** A copy that is complete becomes the disk: from now on it was made. */
  async adoptCopy(vmId: string): Promise<void> {
    const file = await open(this.copyOf(vmId), 'r+');
    await file.sync().finally(() => file.close());
    await rename(this.copyOf(vmId), this.pathOf(vmId));
    await syncFolder(dirname(this.pathOf(vmId)));
    await this.made.raise(vmId, MADE);
  }

  async removeCopy(vmId: string): Promise<void> {
    const copy = this.copyOf(vmId);
    for (const path of [copy, `${copy}.new`]) await rm(path, { force: true });
  }

  /** Of the storage that the disks are on. @throws DomainError STORAGE_UNAVAILABLE */
  storageId(): Promise<string> {
    return this.storage.id();
  }

  /**
   * Makes it to be filled with what a VM has on another host. Whoever asks has looked that nothing is in its place but what
   * an attempt before has made.
   * @param image undefined: it does not read from one
   */
  async makeToFill(identity: DiskIdentity, capacityBytes: number, image: UsableImage | undefined): Promise<void> {
    const disk = { identity: encodeIdentity(identity), capacityBytes, ...(image === undefined ? {} : { image }) };
    await this.onStorage(identity.vmId, () => writeDisk(this.files.pathOf(identity.vmId), disk));
  }

  /** What is in its place was made, by this host or by one that shares the storage. */
  adopt(vmId: string): Promise<void> {
    return this.made.raise(vmId, MADE);
  }

  /** Who has the same storage finds it; who has a copy of it, with the same mark, does not. */
  announce(vmId: string, migrationId: string): Promise<void> {
    return this.onStorage(vmId, () => this.storage.announce(migrationId));
  }

  isAnnounced(migrationId: string): Promise<boolean> {
    return this.storage.isAnnounced(migrationId);
  }

  /** None is success. */
  renounce(migrationId: string): Promise<void> {
    return this.storage.renounce(migrationId);
  }

  /** It is another host's from now on, which finds it in the same place. */
  leave(vmId: string): Promise<void> {
    return this.made.forget(vmId);
  }

  /** @returns whether it was made now */
  async ensure(vmId: string, imageId: string, capacityBytes: number, deadline: Deadline): Promise<boolean> {
    if (await this.isMade(vmId)) return false;
    const image = await this.images.get(imageId);
    deadline.check();
    await this.write(vmId, image, Math.max(capacityBytes, image.virtualSizeBytes));
    await this.made.raise(vmId, MADE);
    return true;
  }

  /** The same of one that holds nothing. @param imageId what it is installed from @returns whether it was made now */
  async ensureEmpty(vmId: string, imageId: string, capacityBytes: number, deadline: Deadline): Promise<boolean> {
    if (await this.isMade(vmId)) return false;
    const { sha256: imageSha256 } = await this.images.get(imageId);
    deadline.check();
    await this.makeToFill({ vmId, imageId, imageSha256 }, capacityBytes, undefined);
    await this.made.raise(vmId, MADE);
    return true;
  }

  /**
   * Removes the file only if it is this VM's disk; what is being copied for it is given up. While the storage is away the
   * removal is remembered.
   * @returns whether there was one
   * @throws DomainError VM_BUSY while it is copied for another
   */
  async remove(vmId: string, deadline: Deadline): Promise<boolean> {
    this.requireNotCopied(vmId);
    await this.copies.cancel(vmId);
    const finding = await this.inspect(vmId, true);
    if (finding.status === 'UNUSABLE' && finding.problem.code === 'STORAGE_UNAVAILABLE') {
      await this.made.raise(vmId, TO_BE_REMOVED);
      this.logger.warn({ vmId }, 'the storage is away; the disk is removed when it is back');
      return false;
    }
    const isOurs = await this.files.belongsTo(vmId);
    deadline.check();
    if (isOurs === true) await this.files.remove(vmId);
    if (isOurs === false)
      this.logger.error({ vmId }, 'in the place of the disk is a file that is not it; the file is left alone');
    await this.files.removeBeside(vmId);
    await this.made.forget(vmId);
    return isOurs === true;
  }

  /** Disks that this host has made, and those whose removal waits for the storage. */
  async remembered(): Promise<{ made: string[]; toBeRemoved: string[] }> {
    const made: string[] = [];
    const toBeRemoved: string[] = [];
    for (const vmId of await this.made.keys())
      ((await this.made.get(vmId)) === TO_BE_REMOVED ? toBeRemoved : made).push(vmId);
    return { made, toBeRemoved };
  }

  private async write(
    vmId: string,
    image: Awaited<ReturnType<ImageStore['get']>>,
    capacityBytes: number,
  ): Promise<void> {
    const identity = { vmId, imageId: image.id, imageSha256: image.sha256 };
    await this.onStorage(vmId, () => writeLinkedClone(this.files.pathOf(vmId), { identity, capacityBytes, image }));
  }

  private async onStorage(vmId: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      const message = `The disk cannot be written to the storage of its host (${errno})`;
      throw new DomainError('STORAGE_UNAVAILABLE', { vmId, errno }, { message, cause: error });
    }
  }
}
