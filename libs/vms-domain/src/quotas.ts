import { DomainError } from '@infinibay/contracts';

/**
 * What a department may have only so much of, by the names that people read: virtual machines, their processors, MiB of
 * memory and GiB of disk. One more is a name here, a column of `department_quotas` and of each source of usage, and a
 * field of the API.
 */
export const QUOTAS = ['vms', 'vcpus', 'memoryMib', 'diskGib'] as const;
export type Quota = (typeof QUOTAS)[number];

/** How much of each; GiB may be broken, and are exact. */
export type Quantities = Readonly<Record<Quota, number>>;
/** null: unlimited. */
export type Limits = Readonly<Record<Quota, number | null>>;

export const UNLIMITED: Limits = { vms: null, vcpus: null, memoryMib: null, diskGib: null };
export const NOTHING: Quantities = { vms: 0, vcpus: 0, memoryMib: 0, diskGib: 0 };

export interface Excess {
  readonly quota: Quota;
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
}

/**
 * The limits that a request would exceed. Who asks for nothing more of something is not held up by it, though there be
 * too much of it already: a limit may have been lowered below what is used.
 */
export const excesses = (limits: Limits, used: Quantities, requested: Partial<Quantities>): Excess[] =>
  QUOTAS.flatMap((quota) => {
    const [limit, more] = [limits[quota], requested[quota] ?? 0];
    if (limit === null || more <= 0 || used[quota] + more <= limit) return [];
    return [{ quota, limit, used: used[quota], requested: more }];
  });

/** The first in the order of QUOTAS stands in the details itself, all of them in `exceeded`. */
export const quotaExceeded = (departmentId: string, exceeded: readonly [Excess, ...Excess[]]): DomainError =>
  new DomainError('QUOTA_EXCEEDED', { ...exceeded[0], departmentId, exceeded });
