import type { VmState } from '@infinibay/contracts';
import { isExclusive, type OperationKind } from './registry.js';

/** What a drain does to a VM of its host. */
export const DRAIN_OUTCOMES = ['SHUT_DOWN', 'NOTHING', 'BLOCKED'] as const;
export type DrainOutcome = (typeof DRAIN_OUTCOMES)[number];

/** A VM as a drain finds it. */
export interface DrainedVm {
  readonly state: VmState;
  /** Why it is in ERROR. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The kind of the operation that is open on it. */
  readonly open: OperationKind | null;
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
 * first. What nobody knows the power of is a person's to look at, and what must not be left half done goes on.
 */
export const drainVerdict = ({ state, error, open }: DrainedVm): DrainVerdict => {
  if (state === 'STOPPED') return { outcome: 'NOTHING', reason: null };
  if (state === 'ERROR') return { outcome: 'BLOCKED', reason: error ?? UNKNOWN_ERROR };
  if (open === null || isComingUp(state) || !isExclusive(open)) return { outcome: 'SHUT_DOWN', reason: null };
  return { outcome: 'BLOCKED', reason: { code: 'VM_BUSY', message: `${open} is under way, and has to end first` } };
};
