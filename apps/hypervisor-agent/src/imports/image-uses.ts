import { DomainError } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import type { Deadline } from '../work/deadline.js';
import { isMissing } from '../work/missing-file.js';
import { storageError } from './storage-error.js';

interface BasedDisks {
  /** Disks that were made on the image. */
  readonly ofImage: number;
  /** Disks that read from the file, whatever image they were made on. */
  readonly ofFile: number;
}

/** What on this host needs an image. */
@Injectable()
export class ImageUses {
  constructor(
    private readonly disks: DiskService,
    private readonly domains: DomainRepository,
  ) {}

  /**
   * A guest that has locked its tray keeps what was taken from it, and so does one that has not been asked for it yet.
   * @throws DomainError IMAGE_IN_USE
   */
  async requireInNoDrive(imageId: string, path: string, deadline: Deadline): Promise<void> {
    for (const { vmId, power } of await this.domains.list())
      if (!isOff(power) && (await this.domains.diskFiles(vmId, deadline, false)).includes(path))
        throw new DomainError('IMAGE_IN_USE', { imageId, reason: 'a guest has it in its CD-ROM drive' });
  }

  async basedOn(imageId: string, path: string): Promise<BasedDisks> {
    let [ofImage, ofFile] = [0, 0];
    for (const vmId of (await this.disks.remembered()).made) {
      const header = await this.disks.headerOf(vmId).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw storageError(error);
      });
      // One that was made independent of its image needs it no more.
      if (header?.backingFile === undefined) continue;
      if (header.backingFile === path) ofFile += 1;
      if (header.identity?.imageId === imageId) ofImage += 1;
    }
    return { ofImage, ofFile };
  }
}
