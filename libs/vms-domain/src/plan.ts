import type { DomainPower } from '@infinibay/contracts';

/**
 * What a VM shall be, what its host has, and the next thing to do about the difference.
 *
 *   RUNNING     attach-network -> ensure-disk -> protect -> define -> start -> settled
 *   STOPPED     shutdown -> wait -> settled
 *   FORCED_OFF  force-off -> settled
 *   DELETED     force-off -> undefine -> remove-disk -> unprotect -> detach-network -> settled
 *
 * Pure: the worker observes, plans, acts, and asks again, so a kill at any point only repeats an idempotent action.
 */
export type DesiredState = 'RUNNING' | 'STOPPED' | 'FORCED_OFF' | 'DELETED';

export const ACTIONS = [
  'attach-network',
  'ensure-disk',
  'protect',
  'define',
  'start',
  'shutdown',
  'force-off',
  'undefine',
  'remove-disk',
  'unprotect',
  'detach-network',
] as const;
export type Action = (typeof ACTIONS)[number];

export interface Observed {
  /** null: libvirt has no such domain. */
  readonly power: DomainPower | null;
  readonly disk: boolean;
  /**
   * Actions that this worker completed since it took the VM. What cannot be observed on the host
   * (network, filter, definition) is made sure of once per start.
   */
  readonly completed: ReadonlySet<Action>;
}

export type Plan =
  | { readonly kind: 'act'; readonly action: Action }
  | { readonly kind: 'wait'; readonly reason: 'starting' | 'shutting-down' }
  | { readonly kind: 'settled' };

const SETTLED: Plan = { kind: 'settled' };
const act = (action: Action): Plan => ({ kind: 'act', action });

export const plan = (desired: DesiredState, observed: Observed): Plan => {
  switch (desired) {
    case 'RUNNING':
      return planRunning(observed);
    case 'STOPPED':
      return planStopped(observed);
    case 'FORCED_OFF':
      return isOff(observed.power) ? SETTLED : act('force-off');
    case 'DELETED':
      return planDeleted(observed);
  }
};

/** off, crashed and absent are the same to us: nothing runs. */
export const isOff = (power: DomainPower | null): boolean => power === null || power === 'off' || power === 'crashed';

const planRunning = ({ power, disk, completed }: Observed): Plan => {
  if (power === 'running' || power === 'paused') return SETTLED;
  if (power === 'shutting-down') return { kind: 'wait', reason: 'shutting-down' };
  if (!completed.has('attach-network')) return act('attach-network');
  if (!disk) return act('ensure-disk');
  if (!completed.has('protect')) return act('protect');
  if (power === null || !completed.has('define')) return act('define');
  if (!completed.has('start')) return act('start');
  return { kind: 'wait', reason: 'starting' };
};

const planStopped = ({ power, completed }: Observed): Plan => {
  if (isOff(power)) return SETTLED;
  if (power === 'shutting-down' || completed.has('shutdown')) return { kind: 'wait', reason: 'shutting-down' };
  return act('shutdown');
};

const planDeleted = ({ power, disk, completed }: Observed): Plan => {
  if (!isOff(power)) return act('force-off');
  if (power !== null) return act('undefine');
  if (disk) return act('remove-disk');
  // The filter and the port are freed last: nothing may run unprotected, and no address may be given away while in use.
  if (!completed.has('unprotect')) return act('unprotect');
  if (!completed.has('detach-network')) return act('detach-network');
  return SETTLED;
};

/** The steps that a user sees of an operation, in order. */
export const stepsOf = (desired: DesiredState): readonly Action[] => {
  switch (desired) {
    case 'RUNNING':
      return ['attach-network', 'ensure-disk', 'protect', 'define', 'start'];
    case 'STOPPED':
      return ['shutdown'];
    case 'FORCED_OFF':
      return ['force-off'];
    case 'DELETED':
      return ['force-off', 'undefine', 'remove-disk', 'unprotect', 'detach-network'];
  }
};
