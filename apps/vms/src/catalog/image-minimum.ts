import { DomainError } from '@infinibay/contracts';
import type { Image } from '../generated/prisma/client.js';
import { bytesToGib } from './sizes.js';
import { isDisc } from './usable-image.js';

interface Sizes {
  readonly memoryMib: number;
  readonly diskBytes: bigint;
}

/** The one check of sizes against an image, for VMs and for templates. @throws DomainError INVALID_INPUT */
export const requireImageMinimum = (
  image: Pick<Image, 'minMemoryMib' | 'virtualSizeBytes' | 'format'>,
  { memoryMib, diskBytes }: Sizes,
): void => {
  const issues = [
    ...(memoryMib < image.minMemoryMib ? [tooSmall('memoryMib', image.minMemoryMib)] : []),
    ...(!isDisc(image) && diskBytes < image.virtualSizeBytes
      ? [tooSmall('diskGib', bytesToGib(image.virtualSizeBytes))]
      : []),
  ];
  if (issues.length > 0) throw new DomainError('INVALID_INPUT', { issues });
};

const tooSmall = (path: string, minimum: number) => ({ path, message: `must be at least ${minimum} for this image` });
