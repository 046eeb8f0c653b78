import { DEFAULT_POOL, PoolName } from '@infinibay/contracts';

/** A folder for volumes. */
export interface PoolFolder {
  readonly name: string;
  readonly path: string;
}

/** As many as a report has room for, beside the one that every host has. */
const MOST = 63;

/** What a text such as `fast=/mnt/fast,slow=/mnt/slow` names; blanks around are not part of it. */
export const furtherPoolsIn = (text: string): PoolFolder[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const end = one.indexOf('=');
      return { name: one.slice(0, Math.max(0, end)).trim(), path: withoutSlash(one.slice(end + 1).trim()) };
    });

/** Whether a text names pools, each once: two names of one folder would be one place under two names. */
export const areFurtherPools = (text: string): boolean => {
  const pools = furtherPoolsIn(text);
  const areSound = pools.every(
    ({ name, path }) => name !== DEFAULT_POOL && PoolName.safeParse(name).success && path.startsWith('/'),
  );
  const isOnce = (values: readonly string[]): boolean => new Set(values).size === values.length;
  return (
    areSound && pools.length <= MOST && isOnce(pools.map(({ name }) => name)) && isOnce(pools.map(({ path }) => path))
  );
};

const withoutSlash = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);
