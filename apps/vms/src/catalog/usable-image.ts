import { DomainError } from '@infinibay/contracts';
import type { Image as ImageRow } from '../generated/prisma/client.js';

/**
 * For a VM or a template of a department: another's image is not found, and for a template that is shared none of any.
 * @param departmentId null: the template is shared
 * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK for an ISO, IMAGE_BUSY for one that is being imported or deleted, or could not be
 */
export const requireUsable = (image: ImageRow | null, departmentId: string | null): ImageRow => {
  const found = requireVisible(image, departmentId);
  if (isDisc(found)) throw new DomainError('IMAGE_NOT_A_DISK');
  return requireReady(found);
};

/**
 * The same for a VM that may be installed from an ISO too.
 * @throws DomainError IMAGE_NOT_FOUND, IMAGE_BUSY
 */
export const requireSource = (image: ImageRow | null, departmentId: string): ImageRow =>
  requireReady(requireVisible(image, departmentId));

/** Nothing is read from it by a disk: a VM is installed from it. */
export const isDisc = ({ format }: Pick<ImageRow, 'format'>): boolean => format === 'iso';

/**
 * The same for the CD-ROM drive of a VM of a department.
 * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_AN_ISO, IMAGE_BUSY
 */
export const requireMedium = (image: ImageRow | null, departmentId: string): ImageRow => {
  const found = requireVisible(image, departmentId);
  if (!isDisc(found)) throw new DomainError('IMAGE_NOT_AN_ISO');
  return requireReady(found);
};

const requireVisible = (image: ImageRow | null, departmentId: string | null): ImageRow => {
  if (image === null || image.state === 'DELETED') throw new DomainError('IMAGE_NOT_FOUND');
  if (image.departmentId !== null && image.departmentId !== departmentId) throw new DomainError('IMAGE_NOT_FOUND');
  return image;
};

const requireReady = (image: ImageRow): ImageRow => {
  if (image.state !== 'READY') throw new DomainError('IMAGE_BUSY', { state: image.state });
  return image;
};
