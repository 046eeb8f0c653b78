import type { VmState } from '@infinibay/contracts';
import type { Observed, Plan } from '../planning.js';
import type { Options } from './options.js';

/**
 * What a VM shall be from now on. It is kept with the VM and holds until another takes its place: whatever happens to
 * the VM is repaired towards it.
 */
export interface Wish<D extends string = string, S extends string = string> {
  readonly desired: D;
  /** What the VM shows when the plan is settled. */
  readonly settles: VmState;
  /** The steps that a user sees, in order. */
  readonly steps: readonly S[];
  /** Steps that are only taken when something stands in the way. */
  readonly detours?: readonly S[];
  readonly plan: (observed: Observed) => Plan<S>;
}

/** What is done once, for one operation, to a VM that is as it is wished for; the wish stays. */
export interface Task<S extends string = string> {
  readonly step: S;
  /** A step of the wish that brings the same about: when the worker had to take it, the task is done. */
  readonly replacedBy?: string;
  /** It is done to a guest that stands still as well, which is not let run for it. */
  readonly onPaused?: boolean;
  /** A guest that stood still before it stands still after it, whatever the VM shall be. */
  readonly keepsPause?: true;
  /** It is done to a VM that is off as well, and none is started for it. */
  readonly onOff?: boolean;
  /** What it leaves to be done, however it ended: nobody waits for that, and it is tried until it has come about. */
  readonly leaves?: readonly S[];
  /** Steps that come before it and are part of it, in order: each is done once, and its host goes on with it. */
  readonly through?: readonly S[];
  /** A VM in error that is off has it done at once, and is in error as before: nothing is started for it. */
  readonly inError?: true;
  /** What stands before it is not done again once it has begun: it may have come about, and its host knows. */
  readonly isNotPreparedTwice?: true;
  /** What fails for now is tried again for as long as it may take: its host goes on with it when nobody asks. */
  readonly keepsTrying?: true;
  /** What people are told when the guest has not done it by the deadline. */
  readonly overdue: string;
  /** How long it may take, in milliseconds; the grace of the service when left out. */
  readonly graceMs?: number;
}

interface Action<K extends string, M extends string> {
  /** As operations and events name it. */
  readonly kind: K;
  /** The GraphQL mutation. */
  readonly mutation: M;
  /** Of the mutation, without its errors. */
  readonly description: string;
  /** Codes that the mutation may end with beside those of every mutation. */
  readonly errors: readonly string[];
  /** What the policy of libs/access-domain is asked for. */
  readonly permission: 'create' | 'operate' | 'delete';
  /** In any other state the request is refused with VM_BUSY. */
  readonly allowedIn: readonly VmState[];
  /**
   * What becomes of the operation that is open on the VM: it ends as SUPERSEDED. With 'others' the request is refused
   * with VM_BUSY instead while an operation of its own kind is open, with 'none' while any is.
   */
  readonly supersedes: 'all' | 'others' | 'none';
  /** An open operation of this kind that is about the same volume gives way to it all the same. */
  readonly takesBack?: string;
  /** Its input names a volume beside the VM. */
  readonly ofVolume?: true;
  /** Its input names a port beside the VM. */
  readonly ofPort?: true;
  /** Its input names a port, a network, or both beside the VM, which has another port afterwards, or one less. */
  readonly changesPorts?: true;
  /** While it is open nothing else is accepted but what destroys the VM: it must not be left half done. */
  readonly isExclusive?: true;
  /** cancelOperation takes it back while it is open. */
  readonly isCancellable?: true;
  /** Its operation is of a VM that it makes: one that fails leaves that VM in error. */
  readonly makesVm?: true;
  /** Its mutation can do more than this, and is written by hand. */
  readonly hasOwnMutation?: true;
  /** Refused with VM_MEMORY_SAVED while the memory of the VM is saved, which would not fit it any more. */
  readonly refusedWhileSaved?: true;
  /** States in which it powers the VM on, or makes it: there refused with HOST_IN_MAINTENANCE while its host is in maintenance. */
  readonly powersOnFrom?: readonly VmState[];
  /** It cuts the power at once, whatever the guest does. There is one such action. */
  readonly cutsPower?: true;
  readonly options?: Options;
  /** Refused with DELETION_PROTECTED for a VM that is protected from deletion. */
  readonly destroys?: true;
  /** It has the VM deleted after a time, and is refused as what destroys it at once; or it takes that back. */
  readonly deletion?: 'scheduled' | 'taken-back';
}

export interface WishAction<K extends string = string, M extends string = string, W extends Wish = Wish> extends Action<
  K,
  M
> {
  readonly wish: W;
  /** The steps that a user sees, in the order of the wish, when they are not all of its own. */
  readonly steps?: readonly (W['steps'][number] | NonNullable<W['detours']>[number])[];
  /** What the VM shows from acceptance on; null: what it showed before, until the wish has come about. */
  readonly shows: VmState | null;
}

export interface TaskAction<K extends string = string, M extends string = string, T extends Task = Task> extends Action<
  K,
  M
> {
  readonly task: T;
  /** What the VM shall be from the acceptance on, before the task is done to it, and what it shows until then. */
  readonly before?: { readonly desired: string; readonly shows: VmState };
}

/** Another spec of the VM: its power stays, and these steps bring it to what the spec says, as far as they are needed. */
export interface SpecAction<
  K extends string = string,
  M extends string = string,
  S extends string = string,
> extends Action<K, M> {
  readonly changes: 'spec';
  readonly steps: readonly S[];
}

/** What a VM in error is wished to be, or what makes it, is tried once more: retrying.ts says what that is. */
export interface RetryAction<K extends string = string, M extends string = string> extends Action<K, M> {
  readonly isRetry: true;
}

export type AnyAction = WishAction | TaskAction | SpecAction | RetryAction;

/** Keeps the names as literal types, and lets no plan ask for a step that the wish does not list. */
export const defineWish = <const D extends string, const S extends string>(wish: {
  readonly desired: D;
  readonly settles: VmState;
  readonly steps: readonly S[];
  readonly detours?: readonly S[];
  readonly plan: (observed: Observed) => Plan<NoInfer<S>>;
}): Wish<D, S> => wish;

export const defineWishAction = <const K extends string, const M extends string, W extends Wish>(
  action: WishAction<K, M, W>,
): WishAction<K, M, W> => action;

export const defineTaskAction = <const K extends string, const M extends string, const S extends string>(
  action: TaskAction<K, M, Task<S>>,
): TaskAction<K, M, Task<S>> => action;

export const defineRetryAction = <const K extends string, const M extends string>(
  action: RetryAction<K, M>,
): RetryAction<K, M> => action;

export const defineSpecAction = <const K extends string, const M extends string, const S extends string>(
  action: SpecAction<K, M, S>,
): SpecAction<K, M, S> => action;
