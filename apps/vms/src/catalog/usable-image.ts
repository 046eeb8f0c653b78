import { DomainError } from '@infinibay/contracts';
import type { Image as ImageRow } from '../generated/prisma/client.js';

/** @throws DomainError IMAGE_NOT_FOUND, IMAGE_BUSY for one that is being imported or deleted, or could not be */
export const requireReady = (image: ImageRow | null): ImageRow => {
  if (image === null || image.state === 'DELETED') throw new DomainError('IMAGE_NOT_FOUND');
  if (image.state !== 'READY') throw new DomainError('IMAGE_BUSY', { state: image.state });
  return image;
};

/** For a VM of a department: another's image is not found. @throws DomainError IMAGE_NOT_FOUND, IMAGE_BUSY */
export const requireUsable = (image: ImageRow, departmentId: string): ImageRow => {
  if (image.departmentId !== null && image.departmentId !== departmentId) throw new DomainError('IMAGE_NOT_FOUND');
  return requireReady(image);
};
