import { createHash, createHmac } from 'node:crypto';

/** Keeps it apart from all else that the key signs: no JWT begins so. */
const PURPOSE = 'infinibay-image-upload';

/** What a ticket opens: the upload of one image, which its host expects and no other. Ids of images are used once. */
export interface UploadName {
  readonly imageId: string;
  readonly hostId: string;
}

/** The same upload has the same ticket: nobody has to keep it to give it again. */
export const imageUploadTicket = ({ imageId, hostId }: UploadName, internalKey: string): string =>
  createHmac('sha256', internalKey)
    .update(JSON.stringify([PURPOSE, imageId, hostId]))
    .digest('base64url');

/** What the host is told, and what is kept: by it a ticket is known, and none can be made of it. */
export const hashOfUploadTicket = (ticket: string): string => createHash('sha256').update(ticket).digest('hex');

/** Keeps a right to read apart from one to write. */
const COPY_PURPOSE = 'infinibay-image-copy';

/** What a ticket for reading opens: one image on the host that has it, for the host that is to get it, in one attempt. */
export interface CopyName {
  /** Of the attempt: the next one has another. */
  readonly copyId: string;
  readonly imageId: string;
  readonly sourceHostId: string;
  readonly readerHostId: string;
}

/** The host that has the image is told its hash, and forgets it soon after it was told last: hashOfUploadTicket. */
export const imageCopyTicket = (
  { copyId, imageId, sourceHostId, readerHostId }: CopyName,
  internalKey: string,
): string =>
  createHmac('sha256', internalKey)
    .update(JSON.stringify([COPY_PURPOSE, copyId, imageId, sourceHostId, readerHostId]))
    .digest('base64url');
