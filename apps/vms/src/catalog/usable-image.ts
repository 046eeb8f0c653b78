import { DomainError } from '@infinibay/contracts';
import type { Image as ImageRow } from '../generated/prisma/client.js';

/** What an image is to be used for, by whom. */
type Require = (image: ImageRow | null, departmentId: string | null) => ImageRow;

/** Another department's is not found, and for a template that is shared none of any. */
const requireVisible: Require = (image, departmentId) => {
  if (image === null || image.state === 'DELETED') throw new DomainError('IMAGE_NOT_FOUND');
  if (image.departmentId !== null && image.departmentId !== departmentId) throw new DomainError('IMAGE_NOT_FOUND');
  return image;
};

const requireReady = (image: ImageRow): ImageRow => {
  if (image.state !== 'READY') throw new DomainError('IMAGE_BUSY', { state: image.state });
  return image;
};

/**
 * For the disk of a VM or a template of a department.
 * @param departmentId null: the template is shared
 * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK for an ISO, IMAGE_BUSY for one that is being imported or deleted, or could not be
 */
export const requireUsable: Require = (found, departmentId) => {
  const image = requireVisible(found, departmentId);
  if (image.format === 'iso') throw new DomainError('IMAGE_NOT_A_DISK');
  return requireReady(image);
};

/** For the CD drive of a VM. @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_AN_ISO, IMAGE_BUSY */
export const requireMedium: Require = (found, departmentId) => {
  const image = requireVisible(found, departmentId);
  if (image.format !== 'iso') throw new DomainError('IMAGE_NOT_AN_ISO');
  return requireReady(image);
};

/** For a VM that is made of it, or installed from it. @throws DomainError IMAGE_NOT_FOUND, IMAGE_BUSY */
export const requireSource: Require = (found, departmentId) => requireReady(requireVisible(found, departmentId));
