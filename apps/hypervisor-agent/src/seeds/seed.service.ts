import { constants } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '@infinibay/contracts';
import { seedFileName } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { openDiskFile } from '../disks/disk-files.js';
import { StorageMark } from '../disks/storage-mark.js';
import type { Deadline } from '../work/deadline.js';
import { errnoOf, isMissing } from '../work/missing-file.js';
import { SEED_HEAD_BYTES, seedImage, seedIn, type SeedFile } from './seed-image.js';

/** Nobody but QEMU, to which libvirt gives it: it may hold the hash of a password. */
const MODE = 0o600;

/** Disks that cloud-init reads, one for each VM that has something to say to it; beside the disks of VMs. */
@Injectable()
export class SeedService {
  private readonly storage: StorageMark;

  constructor(@Inject(AGENT_CONFIG) private readonly config: AgentConfig) {
    this.storage = new StorageMark(config.DISK_DIR, config.STATE_DIR);
  }

  pathOf(vmId: string): string {
    return join(this.config.DISK_DIR, seedFileName(vmId));
  }

  /**
   * Of a VM that is off. What is there is compared to the last byte, whatever has made it.
   * @returns whether it was written now
   * @throws DomainError STORAGE_UNAVAILABLE
   */
  async ensure(vmId: string, files: readonly SeedFile[], deadline: Deadline): Promise<boolean> {
    await this.storage.require();
    const image = seedImage(vmId, files);
    if (await this.holds(vmId, image)) return false;
    deadline.check();
    try {
      await writeWhole(this.pathOf(vmId), image);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      await rm(freshOf(this.pathOf(vmId)), { force: true }).catch(() => undefined);
      const message = `The seed for cloud-init cannot be written to the storage of its host (${errno})`;
      throw new DomainError('STORAGE_UNAVAILABLE', { vmId, errno }, { message, cause: error });
    }
    return true;
  }

  /**
   * Right before a start: a regular file that says to be the seed of this VM, and is whole.
   * @throws DomainError SEED_REPLACED; the next attempt to start writes it anew
   */
  async requireSound(vmId: string): Promise<void> {
    const isSound = await this.look(vmId, async (file) => {
      const stat = await file.stat();
      if (!stat.isFile()) return false;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SEED_HEAD_BYTES), 0, SEED_HEAD_BYTES, 0);
      const found = seedIn(buffer.subarray(0, bytesRead));
      return found?.vmId === vmId && found.bytes === stat.size;
    });
    if (!isSound) throw new DomainError('SEED_REPLACED', { vmId });
  }

  /** None is success, and so is a storage that is away. Of a link only the link goes. */
  async remove(vmId: string): Promise<void> {
    for (const path of [this.pathOf(vmId), freshOf(this.pathOf(vmId))]) await rm(path, { force: true });
  }

  private async holds(vmId: string, image: Buffer): Promise<boolean> {
    return this.look(vmId, async (file) => {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size !== image.length || (stat.mode & 0o777) !== MODE) return false;
      return (await file.readFile()).equals(image);
    });
  }

  /** No link is followed. @returns false when there is no file, or none that can be read */
  private async look(vmId: string, into: (file: FileHandle) => Promise<boolean>): Promise<boolean> {
    try {
      const file = await openDiskFile(this.pathOf(vmId));
      return await into(file).finally(() => file.close());
    } catch (error) {
      if (isMissing(error) || errnoOf(error) !== undefined) return false;
      throw error;
    }
  }
}

const freshOf = (path: string): string => `${path}.new`;

/** Written beside and renamed: a guest that still runs on the one before keeps it, and there is never half a seed. */
const writeWhole = async (path: string, content: Buffer): Promise<void> => {
  await rm(freshOf(path), { force: true });
  const file = await open(freshOf(path), constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, MODE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(freshOf(path), path);
  const folder = await open(dirname(path), constants.O_RDONLY);
  await folder.sync().finally(() => folder.close());
};
