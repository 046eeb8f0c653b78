import { endOf, overlaps, type Cidr } from './cidr.js';

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
