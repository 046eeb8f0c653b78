import { lstat, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DomainError, Uuid, type VolumeProblem } from '@infinibay/contracts';
import { volumeFileName, volumeIdOfFile } from '@infinibay/libvirt-xml';
import { openDiskFile } from '../disks/disk-files.js';
import { isWhole, readDiskHeader, type DiskHeader } from '../disks/disk-header.js';
import { errnoOf, isMissing } from '../work/missing-file.js';

/** `st_blocks` counts in these, whatever the file system's own blocks are. */
const BLOCK_BYTES = 512;

/** What is in the place of a volume. */
export type VolumeFinding =
  | { readonly status: 'SOUND'; readonly capacityBytes: number; readonly allocationBytes: number }
  | { readonly status: 'ABSENT' | 'UNUSABLE'; readonly problem: VolumeProblem };

export const unusableVolume = (code: VolumeProblem['code'], message: string): VolumeFinding => ({
  status: 'UNUSABLE',
  problem: { code, message },
});

const ABSENT: VolumeFinding = {
  status: 'ABSENT',
  problem: { code: 'VOLUME_MISSING', message: 'The volume was made on this host and is not in its storage any more' },
};

export const volumeError = (volumeId: string, { code, message }: VolumeProblem): DomainError =>
  new DomainError(code, { volumeId }, { message });

/** Looks at the files of volumes. Identity is checked, not presence: any program may have put another file there. */
export class VolumeFiles {
  constructor(private readonly folder: string) {}

  pathOf(volumeId: string): string {
    return join(this.folder, volumeFileName(volumeId));
  }

  /** Where a copy is written that is to be the volume. */
  copyOf(volumeId: string): string {
    return `${this.pathOf(volumeId)}.copy`;
  }

  /** The volume whose place a path is; undefined when it is none's. */
  idAt(path: string): string | undefined {
    const id = dirname(path) === this.folder ? volumeIdOfFile(basename(path)) : undefined;
    return Uuid.safeParse(id).data;
  }

  /** @param inUse whether a guest may be writing: its tables are not followed then */
  async look(volumeId: string, inUse: boolean): Promise<VolumeFinding> {
    try {
      return await this.lookInto(volumeId, inUse);
    } catch (error) {
      if (isMissing(error)) return ABSENT;
      if (errnoOf(error) === 'ELOOP') return replaced('there is a symbolic link');
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return unusableVolume('STORAGE_UNAVAILABLE', `The storage of disks cannot be read (${errno})`);
    }
  }

  /** Whether the file says of itself that it is this volume; null when there is none. */
  async belongsTo(volumeId: string): Promise<boolean | null> {
    try {
      const file = await openDiskFile(this.pathOf(volumeId));
      try {
        return (await readDiskHeader(file))?.volumeId === volumeId;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return null;
      if (errnoOf(error) === 'ELOOP') return false;
      throw error;
    }
  }

  /** Call only for a file that `belongsTo` the volume. */
  async remove(volumeId: string): Promise<void> {
    await rm(this.pathOf(volumeId), { force: true });
  }

  /** What an attempt to make or to copy it has left. */
  async removeUnfinished(volumeId: string): Promise<void> {
    const copy = this.copyOf(volumeId);
    for (const path of [`${this.pathOf(volumeId)}.new`, copy, `${copy}.new`]) await rm(path, { force: true });
  }

  /** Bytes that the file takes up; null when there is none. */
  async allocationOf(volumeId: string): Promise<number | null> {
    try {
      return (await lstat(this.pathOf(volumeId))).blocks * BLOCK_BYTES;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return null;
    }
  }

  /** Epoch milliseconds of its last write; 0 when there is none. */
  async writtenAt(volumeId: string): Promise<number> {
    try {
      return (await lstat(this.pathOf(volumeId))).mtimeMs;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  private async lookInto(volumeId: string, inUse: boolean): Promise<VolumeFinding> {
    const file = await openDiskFile(this.pathOf(volumeId));
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return replaced('there is no regular file');
      const header = await readDiskHeader(file);
      if (header === undefined)
        return damaged(stat.size === 0 ? 'the file is empty' : 'its beginning is not that of a qcow2 disk');
      const strange = strangeIn(volumeId, header);
      if (strange !== undefined) return strange;
      if (!(await isWhole(file, header, stat.size, !inUse)))
        return damaged('it is shorter than what it holds (cut off)');
      return {
        status: 'SOUND',
        capacityBytes: header.capacityBytes,
        allocationBytes: stat.blocks * BLOCK_BYTES,
      };
    } finally {
      await file.close();
    }
  }
}

const replaced = (found: string): VolumeFinding =>
  unusableVolume('VOLUME_REPLACED', `Expected the volume that was made here; in its place ${found}`);

const damaged = (found: string): VolumeFinding => unusableVolume('VOLUME_DAMAGED', `The volume is damaged: ${found}`);

const strangeIn = (volumeId: string, header: DiskHeader): VolumeFinding | undefined => {
  // The other one is not named: it may be another department's.
  if (header.volumeId === undefined) return replaced('there is a disk that is no volume of the platform');
  if (header.volumeId !== volumeId) return replaced('there is another volume');
  // A guest that runs on one that reads from another file could be shown any file of the host.
  if (header.hasDataFile || header.backingFile !== undefined)
    return replaced('there is a disk whose data is in another file');
  return header.isMarkedCorrupt ? damaged('QEMU has marked it as corrupt') : undefined;
};
