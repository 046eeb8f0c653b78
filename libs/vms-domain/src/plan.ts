import type { DomainPower } from '@infinibay/contracts';

/**
 * What a VM shall be, what its host has, and the next thing to do about the difference.
 *
 *   RUNNING     attach-network -> ensure-disk -> protect -> define -> start -> settled
 *               paused: resume where somebody asked for it or where space may be back, else shown as paused
 *   STOPPED     (resume ->) shutdown -> wait -> settled
 *   FORCED_OFF  force-off -> settled
 *   DELETED     force-off -> undefine -> remove-disk -> unprotect -> detach-network -> settled
 *
 * A VM that was built and whose disk is not what it must be is blocked: nothing is made or started until it is.
 * Pure: the worker observes, plans, acts, and asks again, so a kill at any point only repeats an idempotent action.
 */
export type DesiredState = 'RUNNING' | 'STOPPED' | 'FORCED_OFF' | 'DELETED';

export const ACTIONS = [
  'attach-network',
  'ensure-disk',
  'protect',
  'define',
  'start',
  'resume',
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
  /** libvirt's word for why it is so. */
  readonly reason: string;
  /** The disk was made once, and that was recorded. */
  readonly isBuilt: boolean;
  /** The file in the disk's place is the one that was made, and whole. */
  readonly isDiskSound: boolean;
  /** Somebody asked for it and waits for the end. */
  readonly isAsked: boolean;
  /**
   * Actions that this worker completed since it took the VM. What cannot be observed on the host
   * (network, filter, definition) is made sure of once per start.
   */
  readonly completed: ReadonlySet<Action>;
}

export type Plan =
  | { readonly kind: 'act'; readonly action: Action }
  | { readonly kind: 'wait'; readonly reason: 'starting' | 'shutting-down' | 'paused' }
  | { readonly kind: 'settled' }
  /** It stands still, and nobody asked for anything else. */
  | { readonly kind: 'paused' }
  /** The disk must not be used. */
  | { readonly kind: 'blocked' };

const SETTLED: Plan = { kind: 'settled' };
const BLOCKED: Plan = { kind: 'blocked' };
const act = (action: Action): Plan => ({ kind: 'act', action });
const wait = (reason: 'starting' | 'shutting-down' | 'paused'): Plan => ({ kind: 'wait', reason });

export const plan = (desired: DesiredState, observed: Observed): Plan => {
  switch (desired) {
    case 'RUNNING':
      return planRunning(observed);
    case 'STOPPED':
      return planStopped(observed);
    case 'FORCED_OFF':
      return isOff(observed.power) ? settledUnlessBlocked(observed) : act('force-off');
    case 'DELETED':
      return planDeleted(observed);
  }
};

/** off, crashed and absent are the same to us: nothing runs. */
export const isOff = (power: DomainPower | null): boolean => power === null || power === 'off' || power === 'crashed';

/** QEMU stops a guest whose write failed, for want of space above all; it may run on when that is over. */
export const isPausedByStorage = (reason: string): boolean => reason === 'io-error';

const settledUnlessBlocked = ({ isBuilt, isDiskSound }: Observed): Plan =>
  isBuilt && !isDiskSound ? BLOCKED : SETTLED;

const planRunning = (observed: Observed): Plan => {
  const { power, completed, isBuilt, isDiskSound } = observed;
  if (isBuilt && !isDiskSound) return BLOCKED;
  if (power === 'running') return SETTLED;
  if (power === 'paused') return planPaused(observed);
  if (power === 'shutting-down') return wait('shutting-down');
  if (power === 'unknown') return wait('starting');
  if (!completed.has('attach-network')) return act('attach-network');
  if (!isBuilt) return act('ensure-disk');
  if (!completed.has('protect')) return act('protect');
  if (power === null || !completed.has('define')) return act('define');
  if (!completed.has('start')) return act('start');
  return wait('starting');
};

const planPaused = ({ reason, isAsked, completed }: Observed): Plan => {
  if (!isAsked && !isPausedByStorage(reason)) return { kind: 'paused' };
  return completed.has('resume') ? wait('paused') : act('resume');
};

const planStopped = (observed: Observed): Plan => {
  const { power, completed } = observed;
  if (isOff(power)) return settledUnlessBlocked(observed);
  if (power === 'shutting-down' || completed.has('shutdown')) return wait('shutting-down');
  // A guest that stands still can't hear its power button.
  if (power === 'paused') return completed.has('resume') ? wait('paused') : act('resume');
  return act('shutdown');
};

const planDeleted = ({ power, completed }: Observed): Plan => {
  if (!isOff(power)) return act('force-off');
  if (power !== null) return act('undefine');
  if (!completed.has('remove-disk')) return act('remove-disk');
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
