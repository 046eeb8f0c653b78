import type { PerformStep } from './step.js';

/** Its host gets the image that the disk is to be made of: it is copied as any image is, and looked at again meanwhile. */
const bring: PerformStep = async ({ imageHere, preparation }) => {
  const { isThere, percent } = await imageHere();
  if (isThere) return 'done';
  preparation.copiedPercent = percent;
  return 'pending';
};

export const imageSteps = { 'bring-image': bring };
