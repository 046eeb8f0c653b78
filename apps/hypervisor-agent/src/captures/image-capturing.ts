import type { RequestOf, captureImage } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { CloneSource, type ReadableDisk } from '../clones/clone-source.js';
import { DiskCopies } from '../disks/disk-copies.js';
import { qemuImgConvert } from '../disks/qemu-img.js';
import { ImageAdoption } from '../imports/image-adoption.js';
import type { Imported } from '../imports/image-importing.js';
import { ImageLibrary } from '../imports/image-library.js';
import { PartFile } from '../imports/part-file.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';

/** For the look at a disk before it is read. */
const LOOK_MS = 30_000;
/** Of the progress; the rest is for hash and check. */
const COPYING = 0.9;
/** A whole disk with QEMU's tables about it, of which each cluster takes some bytes. */
const WITH_TABLES = 1.01;

type Asked = RequestOf<typeof captureImage>;

/** Makes an image of a VM's disk. A kill leaves a part that nobody uses, which the next one writes anew. */
@Injectable()
export class ImageCapturing {
  constructor(
    private readonly gate: VmGate,
    private readonly sources: CloneSource,
    private readonly copies: DiskCopies,
    private readonly library: ImageLibrary,
    private readonly adoption: ImageAdoption,
  ) {}

  /** @throws DomainError CLONE_SOURCE_UNUSABLE, VM_BUSY, POOL_FULL, and what qemuImgConvert throws; ImageRefused */
  async bring(asked: Asked, stop: AbortSignal, tell: (percent: number) => void): Promise<Imported> {
    await this.library.prepare();
    const part = this.library.partOf(asked.imageId);
    // It is begun anew: what an attempt before has left of it must not count as taken when room is looked for.
    await this.library.discardPart(asked.imageId);
    const { copied } = await this.begin(asked, part, stop, tell);
    await copied;
    const { sizeBytes, sha256 } = await hashed(part, stop);
    const { imageId, name, osFamily, minMemoryMib } = asked;
    const arrived = { imageId, name, osFamily, minMemoryMib, sha256, format: 'qcow2' } as const;
    return { sizeBytes, virtualSizeBytes: await this.adoption.keep(arrived, stop) };
  }

  /** Looks within the gate of the VM: it is neither started, reverted nor removed from then on until it is copied. */
  private begin(
    { imageId, vmId, reservePercent }: Asked,
    part: string,
    stop: AbortSignal,
    tell: (percent: number) => void,
  ): Promise<{ readonly copied: Promise<void> }> {
    const deadline = Deadline.after(LOOK_MS);
    const begun = async (): Promise<{ readonly copied: Promise<void> }> => {
      const source = await this.sources.require({ sourceVmId: vmId, snapshotId: null }, deadline);
      this.adoption.requireSize(source.capacityBytes);
      stop.throwIfAborted();
      const copy = async (unasked: AbortSignal, told: (percent: number) => void): Promise<void> => {
        const both = (percent: number): void => {
          told(percent);
          tell(Math.floor(percent * COPYING));
        };
        // Its own bytes are promised by now: who comes at the same time finds them, or is found.
        await this.adoption.requireRoom(this.copies.promisedBytes, reservePercent);
        // A new file, with a header of qemu-img's: nothing in it says whose disk it was, or names another file.
        const args = ['-f', 'qcow2', '-O', 'qcow2', source.path, part];
        await qemuImgConvert(args, { imageId, vmId }, AbortSignal.any([stop, unasked]), both);
      };
      return { copied: this.copies.begin(imageId, { sourceVmId: vmId, bytes: bytesOf(source) }, copy) };
    };
    return this.gate.unfenced(vmId, begun, deadline);
  }
}

/** What the image takes up at most: what the disk has of its own image is written out. */
const bytesOf = ({ bytes, image, capacityBytes }: ReadableDisk): number =>
  Math.min(bytes + (image?.virtualSizeBytes ?? 0), Math.ceil(capacityBytes * WITH_TABLES));

const hashed = async (path: string, signal: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> => {
  const part = await PartFile.open(path, signal);
  try {
    await part.sync();
    return { sizeBytes: part.bytes, sha256: part.sha256() };
  } finally {
    await part.close();
  }
};
