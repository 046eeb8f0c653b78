import { DomainError } from '@infinibay/contracts';
import type { Image as ImageRow } from '../generated/prisma/client.js';

/**
 * For a VM or a template of a department: another's image is not found, and for a template that is shared none of any.
 * @param departmentId null: the template is shared
 * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK for an ISO, IMAGE_BUSY for one that is being imported or deleted, or could not be
 */
export const requireUsable = (image: ImageRow | null, departmentId: string | null): ImageRow => {
  if (image === null || image.state === 'DELETED') throw new DomainError('IMAGE_NOT_FOUND');
  if (image.departmentId !== null && image.departmentId !== departmentId) throw new DomainError('IMAGE_NOT_FOUND');
  if (image.format === 'iso') throw new DomainError('IMAGE_NOT_A_DISK');
  if (image.state !== 'READY') throw new DomainError('IMAGE_BUSY', { state: image.state });
  return image;
};
