import { MAX_PREFIX, endOf, overlaps, type Cidr } from './cidr.js';

/**
 * The lowest range of the wanted size within the pool that overlaps none of the taken ones.
 * @returns null when the pool has no room, or the wanted range is larger than the pool.
 */
export const chooseSubnet = (pool: Cidr, prefixLength: number, taken: readonly Cidr[]): Cidr | null => {
  if (prefixLength < pool.prefixLength) return null;
  const size = 2 ** (32 - prefixLength);
  const inTheWay = taken.filter((other) => overlaps(pool, other)).sort((a, b) => a.base - b.base);
  let base = pool.base;
  for (const other of inTheWay) {
    if (base + size <= other.base) break;
    // Ranges are aligned to their size, so the next candidate is too.
    if (base < endOf(other)) base = Math.ceil(endOf(other) / size) * size;
  }
  return base + size <= endOf(pool) ? { base, prefixLength } : null;
};

/** What a pool that is nearly full still gives: enough for 13 VMs. */
const SMALLEST_CHOICE = 28;

/**
 * As chooseSubnet, and where there is no room for the wanted size the largest smaller range that there is room for.
 * @param largest addresses that the range may have at most
 * @returns null when not even a /28 (or the wanted size, when that is smaller) is free
 */
export const chooseSubnetUpTo = (
  pool: Cidr,
  prefixLength: number,
  taken: readonly Cidr[],
  largest: number,
): Cidr | null => {
  const first = Math.max(prefixLength, 32 - Math.floor(Math.log2(Math.max(1, largest))));
  const last = Math.min(MAX_PREFIX, Math.max(SMALLEST_CHOICE, prefixLength));
  for (let length = first; length <= last; length += 1) {
    const chosen = chooseSubnet(pool, length, taken);
    if (chosen !== null) return chosen;
  }
  return null;
};
