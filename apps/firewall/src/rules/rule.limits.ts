import { DomainError } from '@infinibay/contracts';

/**
 * Of a department, and of each VM: a VM has both. libvirt holds its list while it writes a filter, some 20 ms a rule and
 * card: with 500 rules other VMs waited for half a minute when one started.
 */
export const MAX_RULES = 100;
export const MAX_EFFECTIVE_RULES = 2 * MAX_RULES;

/**
 * The size of a list that is asked for, so that a query's cost is known before it runs.
 * @throws DomainError INVALID_INPUT
 */
export const firstOf = <T>(list: readonly T[], first: number, most: number): readonly T[] => {
  if (first < 0 || first > most) throw new DomainError('INVALID_INPUT', { field: 'first', minimum: 0, maximum: most });
  return list.slice(0, first);
};
