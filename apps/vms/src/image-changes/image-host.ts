import {
  DomainError,
  captureImage,
  importImage,
  isRetryable,
  receiveImage,
  removeImage,
  type ImageUploadFormat,
} from '@infinibay/contracts';
import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { RequestClient } from '@infinibay/platform-messaging';
import { Inject, Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Image, ImageUpload } from '../generated/prisma/client.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';
import type { ImageSizes, MadeImage } from './image.journal.js';

/** How far an import is. */
interface ImportProgress {
  /** null: it goes on. */
  readonly sizes: ImageSizes | null;
  readonly percent: number;
}

/** How far an image of a VM is. */
interface CaptureProgress {
  /** null: it goes on. */
  readonly made: MadeImage | null;
  readonly percent: number;
}

/** How far an upload is. */
interface UploadProgress {
  /** null: it goes on. */
  readonly sizes: ImageSizes | null;
  readonly receivedBytes: number;
}

/** Of what is not in the list of its host yet: VMs can't be placed there. */
const ALMOST = 99;

/** What a worker asks of the host that keeps an image. */
@Injectable()
export class ImageHost {
  constructor(
    private readonly requests: RequestClient,
    private readonly images: ImageRepository,
    private readonly copies: ImageCopyRepository,
    @Inject(VOLUME_OPTIONS) private readonly options: VolumeOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** It is there when the host has told of it, with all that it has: placement reads that. */
  async fetch(image: Image): Promise<ImportProgress> {
    const { id: imageId, fence, name, osFamily, minMemoryMib, sha256, sourceUrl: url } = image;
    if (url === null) throw new DomainError('IMAGE_SOURCE_UNAVAILABLE');
    const { reservePercent } = this.options;
    const asked = { imageId, fence, name, osFamily, minMemoryMib, sha256, url, reservePercent };
    const hostId = hostOf(image);
    const answer = await this.requests.call(importImage, { ...asked, format: formatOf(image) }, { hostId });
    const { isComplete, progressPercent, sizeBytes, virtualSizeBytes } = answer;
    if (!isComplete || sizeBytes === null || virtualSizeBytes === null)
      return { sizes: null, percent: Math.min(ALMOST, progressPercent) };
    if (!(await this.images.isOn(hostId, imageId))) return { sizes: null, percent: ALMOST };
    return { sizes: { sizeBytes, virtualSizeBytes }, percent: 100 };
  }

  /** Lets who has the ticket send it. It is there as an import is. */
  async receive(image: Image, upload: Pick<ImageUpload, 'sizeBytes' | 'ticketSha256'>): Promise<UploadProgress> {
    const { id: imageId, fence, name, osFamily, minMemoryMib, sha256 } = image;
    const { ticketSha256 } = upload;
    const sizeBytes = Number(upload.sizeBytes);
    const { reservePercent } = this.options;
    const about = { imageId, fence, name, osFamily, minMemoryMib, sha256, format: uploadFormatOf(image) };
    const asked = { ...about, sizeBytes, ticketSha256, reservePercent };
    const hostId = hostOf(image);
    const { isComplete, receivedBytes, virtualSizeBytes } = await this.requests.call(receiveImage, asked, { hostId });
    if (!isComplete || virtualSizeBytes === null || !(await this.images.isOn(hostId, imageId)))
      return { sizes: null, receivedBytes };
    return { sizes: { sizeBytes, virtualSizeBytes }, receivedBytes };
  }

  /** Makes it of the disk of its VM. It is there as an import is. */
  async capture(image: Image): Promise<CaptureProgress> {
    const { id: imageId, fence, name, osFamily, minMemoryMib, sourceVmId: vmId } = image;
    if (vmId === null) throw new DomainError('CLONE_SOURCE_UNUSABLE', { imageId });
    const { reservePercent } = this.options;
    const asked = { imageId, fence, vmId, name, osFamily, minMemoryMib, reservePercent };
    const hostId = hostOf(image);
    const answer = await this.requests.call(captureImage, asked, { hostId });
    const { isComplete, progressPercent, sizeBytes, virtualSizeBytes, sha256 } = answer;
    if (!isComplete || sizeBytes === null || virtualSizeBytes === null || sha256 === null)
      return { made: null, percent: Math.min(ALMOST, progressPercent) };
    if (!(await this.images.isOn(hostId, imageId))) return { made: null, percent: ALMOST };
    return { made: { sizeBytes, virtualSizeBytes, sha256 }, percent: 100 };
  }

  /** From every host that has it, or something of it. Asked again, those that have none any more say so. */
  async remove(image: Image): Promise<void> {
    const hosts = await this.copies.hostsOf(image);
    const removals = await Promise.allSettled(hosts.map((hostId) => this.removeFrom(image, hostId)));
    const failures = removals.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
    if (failures.length > 0) throw worstOf(failures);
  }

  async removeFrom(image: Image, hostId: string): Promise<void> {
    const { id: imageId, fence, sha256 } = image;
    await this.requests.call(removeImage, { imageId, fence, sha256, format: formatOf(image) }, { hostId });
  }

  /** What has come of it is of no use any more. A host that is away removes it itself after a while. */
  async giveUp(image: Image): Promise<void> {
    try {
      await this.remove(image);
    } catch (error) {
      this.logger.warn({ err: error, imageId: image.id }, 'what has come of the image could not be removed');
    }
  }
}

const hostOf = ({ id: imageId, hostId }: Image): string => {
  if (hostId === null) throw new DomainError('INTERNAL', { imageId, reason: 'it is on no host of its own' });
  return hostId;
};

const formatOf = ({ format }: Image): 'qcow2' | 'raw' => (format === 'qcow2' ? 'qcow2' : 'raw');

/** What is to be done about it first: whoever took over is to go on; what does not pass is told before what does. */
const worstOf = (failures: readonly unknown[]): unknown =>
  failures.find((one) => one instanceof DomainError && one.code === 'STALE_FENCE') ??
  failures.find((one) => !isRetryable(one)) ??
  failures[0];

export const uploadFormatOf = (image: Image): ImageUploadFormat => (image.format === 'iso' ? 'iso' : formatOf(image));
