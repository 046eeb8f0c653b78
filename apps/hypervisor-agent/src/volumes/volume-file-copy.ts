import { open, rename } from 'node:fs/promises';
import { DomainError } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { encodeVolumeIdentity } from '../disks/disk-identity.js';
import { writeDisk } from '../disks/linked-clone.js';
import { qemuImgConvert } from '../disks/qemu-img.js';
import { syncFolder } from '../work/fence-store.js';
import type { HostPool } from './storage-pools.js';

/** A file of a volume that no guest has, and the volume that is made of it. */
export interface FileCopy {
  readonly volumeId: string;
  readonly source: string;
  readonly to: HostPool;
  readonly capacityBytes: number;
}

/** Makes the file of a volume by copying another, which QEMU's lock keeps from being written to meanwhile. */
@Injectable()
export class VolumeFileCopy {
  /**
   * Written beside, with the identity of its own volume from the first byte on, synced and renamed: a kill leaves none or a
   * whole one.
   * @throws DomainError DEADLINE_EXCEEDED when it was ended, and what qemu-img and the storage refuse
   */
  async run(
    { volumeId, source, to, capacityBytes }: FileCopy,
    signal: AbortSignal,
    tell: (percent: number) => void,
  ): Promise<void> {
    await to.mark.require();
    await to.files.removeUnfinished(volumeId);
    const [copy, path] = [to.files.copyOf(volumeId), to.files.pathOf(volumeId)];
    await writeDisk(copy, { identity: encodeVolumeIdentity({ volumeId }), capacityBytes });
    // Into the file that there is: one that qemu-img makes would not say which volume it is.
    const args = ['-n', '-f', 'qcow2', '-O', 'qcow2', '--target-is-zero', source, copy];
    await qemuImgConvert(args, { volumeId }, signal, tell);
    if (signal.aborted) throw new DomainError('DEADLINE_EXCEEDED', { volumeId });
    const file = await open(copy, 'r+');
    await file.sync().finally(() => file.close());
    await rename(copy, path);
    await syncFolder(to.folder);
  }
}
