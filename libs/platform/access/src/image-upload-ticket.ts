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
