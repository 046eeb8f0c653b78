import { ERROR_CODES, isErrorCode, type VmState } from '@infinibay/contracts';
import { isExclusive, isKind } from './registry.js';

/** What a drain does to a VM of its host. */
export const DRAIN_OUTCOMES = ['SHUT_DOWN', 'DELETION', 'NOTHING', 'BLOCKED'] as const;
export type DrainOutcome = (typeof DRAIN_OUTCOMES)[number];

/** A VM as a drain finds it. */
export interface DrainedVm {
  readonly state: VmState;
  /** Its deletion was accepted, and has failed if it is in ERROR. */
  readonly isWantedGone: boolean;
  /** Why it is in ERROR. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The kind of the operation that is open on it, also one that this version does not know. */
  readonly open: string | null;
}

export interface DrainVerdict {
  readonly outcome: DrainOutcome;
  /** Of BLOCKED: why it is left as it is. */
  readonly reason: { readonly code: string; readonly message: string } | null;
}

const UNKNOWN_ERROR = { code: 'VM_BUSY', message: 'The virtual machine is in ERROR' } as const;

/** It becomes ready for a shutdown by itself, or ends in error: a drain waits for that. */
export const isComingUp = (state: unknown): boolean => state === 'BUILDING' || state === 'STARTING';

/**
 * What becomes of it. One that is being made or started is shut down once it is up: what it was accepted with is finished
 * first. What must not be left half done goes on, and an error that says more than that its host was away stays to be seen.
 */
export const drainVerdict = (vm: DrainedVm): DrainVerdict => {
  const { state, error, open } = vm;
  if (state === 'STOPPED' || state === 'DELETED') return { outcome: 'NOTHING', reason: null };
  if (state === 'DELETING') return { outcome: 'DELETION', reason: null };
  if (open !== null && !isComingUp(state) && isHeldBy(open))
    return { outcome: 'BLOCKED', reason: { code: 'VM_BUSY', message: `${open} is under way, and has to end first` } };
  if (state === 'ERROR' && !mayBeOn(vm)) return { outcome: 'BLOCKED', reason: error ?? UNKNOWN_ERROR };
  return { outcome: 'SHUT_DOWN', reason: null };
};

const isHeldBy = (kind: string): boolean => !isKind(kind) || isExclusive(kind);

/** Its host was away when it was to be switched off, or something else of it was to be done: the guest may run on. */
const mayBeOn = ({ isWantedGone, error }: DrainedVm): boolean => {
  // A shutdown would be taken for another word on what shall become of it.
  if (isWantedGone) return false;
  const kind = error !== null && isErrorCode(error.code) ? ERROR_CODES[error.code].kind : null;
  return kind === 'unavailable' || kind === 'timeout';
};
