import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@infinibay/contracts';
import { UEFI_FIRMWARES, diskFileName, seedFileName, variablesFileName } from '@infinibay/libvirt-xml';
import type { UsableImage } from '../images/image.store.js';
import { syncFolder } from '../work/fence-store.js';
import { errnoOf, isMissing } from '../work/missing-file.js';
import { isWhole, readDiskHeader, type DiskHeader } from './disk-header.js';
import { ABSENT, unusable, type DiskFinding } from './disk-problem.js';
import { readSnapshotTable } from './snapshot-table.js';

/** Finds the image that a disk was made on. */
export type ImageLookup = (
  imageId: string,
) => Promise<{ readonly image: UsableImage; readonly refusal: string | null } | undefined>;

/** Looks at the files of disks. Identity is checked, not presence: any program may have put another file there. */
export class DiskFiles {
  /** Of each disk the file whose tables were last found whole. */
  private readonly whole = new Map<string, string>();

  constructor(private readonly folder: string) {}

  pathOf(vmId: string): string {
    return join(this.folder, diskFileName(vmId));
  }

  /** @param inUse whether a guest may be writing: its tables are not followed then */
  async look(vmId: string, images: ImageLookup, inUse: boolean): Promise<DiskFinding> {
    const path = this.pathOf(vmId);
    try {
      const entry = await lstat(path, { bigint: true });
      if (!entry.isFile()) return replaced(`there is a ${kindOf(entry)}`);
      return await this.lookInto(vmId, path, images, inUse);
    } catch (error) {
      if (isMissing(error)) return ABSENT;
      if (errnoOf(error) === 'ELOOP') return replaced('there is a symbolic link');
      if (errnoOf(error) === undefined) throw error;
      return unusable('STORAGE_UNAVAILABLE', `The storage of disks cannot be read (${errnoOf(error) ?? ''})`);
    }
  }

  /** What is written until it is whole, and renamed then. */
  copyOf(vmId: string): string {
    return `${this.pathOf(vmId)}.copy`;
  }

  /** undefined when it isn't a qcow2 image that we can read. @throws what opening it fails with */
  async headerOf(vmId: string): Promise<DiskHeader | undefined> {
    const file = await openDiskFile(this.pathOf(vmId));
    return readDiskHeader(file).finally(() => file.close());
  }

  /** Whether the file says of itself that it is the disk of this VM; null when there is none. */
  async belongsTo(vmId: string): Promise<boolean | null> {
    try {
      return (await this.headerOf(vmId))?.identity?.vmId === vmId;
    } catch (error) {
      if (isMissing(error)) return null;
      if (errnoOf(error) === 'ELOOP') return false;
      throw error;
    }
  }

  /** Call only for a file that `belongsTo` the VM, and for what is left of one that was being made. */
  async remove(vmId: string): Promise<void> {
    this.whole.delete(vmId);
    await rm(this.pathOf(vmId), { force: true });
  }

  /** What stands beside it: what an attempt to make it has left, what cloud-init was to read, and variables of UEFI. */
  async removeBeside(vmId: string): Promise<void> {
    const seed = join(this.folder, seedFileName(vmId));
    const [disk, copy] = [this.pathOf(vmId), this.copyOf(vmId)];
    for (const path of [`${disk}.new`, copy, `${copy}.new`, seed, `${seed}.new`]) await rm(path, { force: true });
    await this.removeVariables(vmId);
  }

  /** Of every firmware. A link in their place goes, and not what it points at. */
  async removeVariables(vmId: string): Promise<void> {
    for (const path of this.variablesOf(vmId)) await rm(path, { force: true });
  }

  /**
   * A link in the place of variables of UEFI could point at any file of the host, and QEMU writes to them. None is fine:
   * libvirt makes them.
   * @throws DomainError DISK_REPLACED, STORAGE_UNAVAILABLE
   */
  async requirePlainVariables(vmId: string): Promise<void> {
    for (const path of this.variablesOf(vmId)) {
      const entry = await lstat(path, { bigint: true }).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw new DomainError('STORAGE_UNAVAILABLE', { vmId, errno: errnoOf(error) }, { cause: error });
      });
      if (entry === undefined || entry.isFile()) continue;
      const message = `Expected variables of UEFI of this virtual machine; in their place there is a ${kindOf(entry)}`;
      throw new DomainError('DISK_REPLACED', { vmId }, { message });
    }
  }

  /** Until then what was written to them may be in memory alone. */
  async syncVariables(vmId: string): Promise<void> {
    for (const path of this.variablesOf(vmId)) {
      const file = await openDiskFile(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (file !== undefined) await file.sync().finally(() => file.close());
    }
    await syncFolder(this.folder);
  }

  /** Which file it is: another one in its place has another answer. */
  async identityOf(vmId: string): Promise<string> {
    return fileOf(await lstat(this.pathOf(vmId), { bigint: true }));
  }

  /** Of each firmware that keeps some. */
  private variablesOf(vmId: string): string[] {
    return UEFI_FIRMWARES.map((firmware) => join(this.folder, variablesFileName(vmId, firmware)));
  }

  private async lookInto(vmId: string, path: string, images: ImageLookup, inUse: boolean): Promise<DiskFinding> {
    const file = await openDiskFile(path);
    try {
      const stat = await file.stat({ bigint: true });
      if (!stat.isFile()) return replaced('there is no regular file');
      const header = await readDiskHeader(file);
      if (header === undefined) {
        return damaged(stat.size === 0n ? 'the file is empty' : 'its beginning is not that of a qcow2 disk');
      }
      const strange = strangeIn(vmId, header);
      if (strange !== undefined) return strange;
      const version = `${fileOf(stat)}:${stat.size}:${stat.mtimeNs}`;
      const tables = !inUse && this.whole.get(vmId) !== version;
      if (!(await isWhole(file, header, Number(stat.size), tables)))
        return damaged('it is shorter than what it holds (cut off)');
      if (tables) this.whole.set(vmId, version);
      const image = await imageProblem(header, images);
      return image ?? { status: 'SOUND', capacityBytes: header.capacityBytes, file: fileOf(stat) };
    } finally {
      await file.close();
    }
  }
}

/** A link could point at any file of the host, so none is followed. */
export const openDiskFile = (path: string) =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

/** Whether a qcow2 file holds any. One whose table can't be read is not said to hold none. */
export const holdsSnapshots = async (path: string): Promise<boolean> => {
  const file = await openDiskFile(path);
  try {
    return (await readSnapshotTable(file))?.length !== 0;
  } finally {
    await file.close();
  }
};

const fileOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;

const kindOf = (entry: BigIntStats): string =>
  entry.isSymbolicLink() ? 'symbolic link' : entry.isDirectory() ? 'folder' : 'special file';

const replaced = (found: string): DiskFinding =>
  unusable('DISK_REPLACED', `Expected the disk that was made for this virtual machine; in its place ${found}`);

const damaged = (found: string): DiskFinding =>
  unusable('DISK_DAMAGED', `The disk of the virtual machine is damaged: ${found}`);

const strangeIn = (vmId: string, header: DiskHeader): DiskFinding | undefined => {
  // The other VM is not named: it may be another department's.
  if (header.identity === undefined) return replaced('there is a disk that the platform has not made');
  if (header.identity.vmId !== vmId) return replaced('there is the disk of another virtual machine');
  if (header.hasDataFile) return replaced('there is a disk whose data is in another file');
  return header.isMarkedCorrupt ? damaged('QEMU has marked it as corrupt') : undefined;
};

/** A disk without a backing file has been made independent of its image, which is then not needed. */
const imageProblem = async (
  { identity, backingFile }: DiskHeader,
  images: ImageLookup,
): Promise<DiskFinding | undefined> => {
  if (backingFile === undefined) return undefined;
  if (identity === undefined) throw new DomainError('INTERNAL', { reason: 'the identity is checked before the image' });
  const found = await images(identity.imageId);
  if (found === undefined) {
    return unusable(
      'IMAGE_MISSING',
      `The disk is based on the image ${identity.imageId}, which its host does not have`,
    );
  }
  const { image, refusal } = found;
  if (image.sha256 !== identity.imageSha256 || refusal !== null) {
    const is = refusal ?? 'its SHA-256 is another one';
    return unusable(
      'IMAGE_REPLACED',
      `The image ${identity.imageId} is not the one that the disk was made from: ${is}`,
    );
  }
  return image.path === backingFile
    ? undefined
    : replaced('there is a disk that is based on another file than its image');
};
