import { DomainError, copyImage, imageContentUrl, offerImage } from '@infinibay/contracts';
import { hashOfUploadTicket, imageCopyTicket } from '@infinibay/platform-access';
import { RequestClient } from '@infinibay/platform-messaging';
import { sourcesInTurn } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { unlessTooOld } from '../actions/agent-age.js';
import type { Image, ImageCopy } from '../generated/prisma/client.js';
import { ImageCopyRepository, type ImageSender } from '../hosts/image-copy.repository.js';
import { VOLUME_OPTIONS, type VolumeOptions } from '../volumes/volume-options.js';
import { uploadFormatOf } from './image-host.js';
import { IMAGE_OPTIONS, type ImageOptions } from './image-options.js';

/** From where an image may be read, and by what. */
export interface OpenedSource {
  readonly hostId: string;
  readonly url: string;
  readonly ticket: string;
  readonly sizeBytes: number;
}

/** How much of a copy has come. */
export interface CopyProgress {
  readonly isComplete: boolean;
  readonly receivedBytes: number;
}

/** What the two hosts of a copy are asked for: one lets it be read, and the other reads it. */
@Injectable()
export class ImageCopyHost {
  constructor(
    private readonly requests: RequestClient,
    private readonly copies: ImageCopyRepository,
    @Inject(VOLUME_OPTIONS) private readonly volumes: VolumeOptions,
    @Inject(IMAGE_OPTIONS) private readonly options: ImageOptions,
  ) {}

  /**
   * The first host that lets it be read: the one that it is read from already, or another.
   * @throws DomainError IMAGE_SOURCE_AWAY; UNSUPPORTED_BY_DRIVER when each that has it is too old
   */
  async open(image: Image, copy: ImageCopy): Promise<OpenedSource> {
    const senders = await this.copies.senders(image.id, copy.hostId);
    const ids = senders.map(({ hostId }) => hostId);
    const failures: DomainError[] = [];
    for (const hostId of sourcesInTurn(ids, copy.sourceHostId)) {
      const sender = senders.find((one) => one.hostId === hostId);
      if (sender === undefined) continue;
      try {
        return await this.offer(image, copy, sender);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        failures.push(error);
      }
    }
    const [first] = failures;
    if (first !== undefined && failures.every(({ code }) => code === 'UNSUPPORTED_BY_DRIVER')) throw first;
    throw new DomainError('IMAGE_SOURCE_AWAY', { imageId: image.id }, { cause: first });
  }

  /** It is told again and again where it reads from: its agent may have been killed, or what it read from. */
  async read(image: Image, copy: ImageCopy, source: OpenedSource): Promise<CopyProgress> {
    const { id: imageId, fence, name, osFamily, minMemoryMib, sha256 } = image;
    const { url, ticket, sizeBytes } = source;
    const { reservePercent } = this.volumes;
    const about = { imageId, fence, name, osFamily, minMemoryMib, sha256, format: uploadFormatOf(image) };
    const asked = { ...about, sizeBytes, url, ticket, reservePercent };
    const { hostId } = copy;
    const ask = () => this.requests.call(copyImage, asked, { hostId });
    return this.answered(imageId, hostId, ask);
  }

  private async offer(image: Image, copy: ImageCopy, { hostId, url }: ImageSender): Promise<OpenedSource> {
    const { id: imageId, sha256 } = image;
    const name = { copyId: copy.id, imageId, sourceHostId: hostId, readerHostId: copy.hostId };
    const ticket = imageCopyTicket(name, this.options.internalKey);
    const asked = { imageId, sha256, ticketSha256: hashOfUploadTicket(ticket) };
    const ask = () => this.requests.call(offerImage, asked, { hostId });
    const { sizeBytes } = await this.answered(imageId, hostId, ask);
    return { hostId, url: imageContentUrl(url, imageId), ticket, sizeBytes };
  }

  /** @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to know of copies */
  private async answered<T extends object>(imageId: string, hostId: string, ask: () => Promise<T>): Promise<T> {
    // Ids of images and VMs are of one kind: there is no such VM, and every agent says so.
    const answer = await unlessTooOld({ requests: this.requests, vmId: imageId, hostId }, ask);
    if (answer !== undefined) return answer;
    const message = 'The agent of the host is older than copies of images: update it';
    throw new DomainError('UNSUPPORTED_BY_DRIVER', { imageId, hostId }, { message });
  }
}
