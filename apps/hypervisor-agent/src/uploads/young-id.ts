/** Longer than vms takes to tell a host what it has just accepted, and than clocks differ. */
const YOUNG_MS = 600_000;

/**
 * Whether vms may have made it so lately that it has not told of it here yet. Ids of images begin with the time at which
 * they were made (UUIDv7). It says nothing of whether there is such an upload: anybody can make up an id.
 * @param imageId a UUID
 * @param now epoch milliseconds
 */
export const isYoung = (imageId: string, now: number = Date.now()): boolean => {
  if (imageId.charAt(14) !== '7') return false;
  const madeAt = Number.parseInt(imageId.slice(0, 8) + imageId.slice(9, 13), 16);
  return Math.abs(now - madeAt) < YOUNG_MS;
};
