import { hashOfUploadTicket } from '@infinibay/platform-access';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** vms makes an offer anew every few seconds while somebody reads by it. What is being read then is read to its end. */
const LASTS_MS = 300_000;

/** A file that whoever has the ticket may read. */
export interface OfferedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

interface Offer extends OfferedFile {
  readonly ends: NodeJS.Timeout;
  /** Ends who reads it. */
  reader: AbortController;
}

/** Images of this host that others may read, by tickets of which it knows the hash alone. A restart forgets them. */
@Injectable()
export class ImageOffers implements OnApplicationShutdown {
  /** By images, and then by the SHA-256 of tickets. */
  private readonly offers = new Map<string, Map<string, Offer>>();

  /** One that was made holds anew from now on; undefined: it was not made, or has ended. */
  renewed(imageId: string, ticketSha256: string): OfferedFile | undefined {
    const offer = this.offers.get(imageId)?.get(ticketSha256);
    offer?.ends.refresh();
    return offer;
  }

  make(imageId: string, ticketSha256: string, file: OfferedFile): void {
    const ends = setTimeout(() => {
      this.end(imageId, ticketSha256);
    }, LASTS_MS);
    const ofImage = this.offers.get(imageId) ?? new Map<string, Offer>();
    clearTimeout(ofImage.get(ticketSha256)?.ends);
    this.offers.set(imageId, ofImage.set(ticketSha256, { ...file, ends, reader: new AbortController() }));
  }

  /**
   * Lets whoever has the ticket read. Who read by it before is ended: a connection that broke may not have been noticed.
   * @returns undefined: it opens nothing
   */
  open(imageId: string, ticket: string): (OfferedFile & { readonly signal: AbortSignal }) | undefined {
    const offer = this.offers.get(imageId)?.get(hashOfUploadTicket(ticket));
    if (offer === undefined) return undefined;
    offer.reader.abort();
    offer.reader = new AbortController();
    const { path, sizeBytes, reader } = offer;
    return { path, sizeBytes, signal: reader.signal };
  }

  onApplicationShutdown(): void {
    for (const ofImage of this.offers.values())
      for (const { ends, reader } of ofImage.values()) {
        clearTimeout(ends);
        reader.abort();
      }
    this.offers.clear();
  }

  private end(imageId: string, ticketSha256: string): void {
    const ofImage = this.offers.get(imageId);
    ofImage?.delete(ticketSha256);
    if (ofImage?.size === 0) this.offers.delete(imageId);
  }
}
