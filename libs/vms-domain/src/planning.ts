import type { DomainPower } from '@infinibay/contracts';
import type { Migration } from './migration.js';
import type { DomainComparison } from './spec/domain-comparison.js';

/**
 * The words in which a plan is written: what was observed, and the next thing to do about the difference to a wish.
 * Pure: the worker observes, plans, acts, and asks again, so a kill at any point only repeats an idempotent step.
 */
export interface Observed {
  /** null: libvirt has no such domain. */
  readonly power: DomainPower | null;
  /** libvirt's word for why it is so. */
  readonly reason: string;
  /** The disk was made once, and that was recorded. */
  readonly isBuilt: boolean;
  /** Its host does not have the image that its disk is to be made of, and can be given it. */
  readonly isImageMissing?: boolean;
  /** The file in the disk's place is the one that was made, and whole. */
  readonly isDiskSound: boolean;
  /** Somebody asked for this power, or this task, and waits for the end. */
  readonly isAsked: boolean;
  /** Who asked wants the power cut when the guest has not gone off by itself in time, and that time is over. */
  readonly isForceDue: boolean;
  /** The volumes are not attached as they shall be, and this step is next to make them; null: they are. */
  readonly pendingVolumes?: 'attach-volume' | 'detach-volume' | null;
  /** The same of its ports. */
  readonly pendingPorts?: 'attach-port' | 'detach-port' | null;
  /** The task of the open operation was begun, by this worker or one before. */
  readonly isTaskBegun?: boolean;
  /** It has snapshots that shall be gone. */
  readonly hasUnwantedSnapshots?: boolean;
  /** A transfer that is over left it to be made ready where it is. */
  readonly isToSettleIn?: boolean;
  /** It is on its way to another host, or something of it is left where it was; null, or left out: neither. */
  readonly migration?: Migration | null;
  /**
   * Steps that this worker completed since it took the VM. What cannot be observed on the host
   * (network, filter, definition) is made sure of once per start.
   */
  readonly completed: ReadonlySet<string>;
  /** How large it is declared to be, and is; null: its host has been brought to its spec, as far as that is known. */
  readonly sizes: DomainComparison | null;
}

/** @typeParam S the names of the steps that the plan may ask for */
export type Plan<S extends string = string> =
  | { readonly kind: 'act'; readonly step: S }
  | { readonly kind: 'wait'; readonly reason: 'starting' | 'shutting-down' | 'paused' }
  | { readonly kind: 'settled' }
  /** It stands still, and nobody asked for anything else. */
  | { readonly kind: 'paused' }
  /** The disk must not be used. */
  | { readonly kind: 'blocked' }
  /** It is off, and can't be had back as it was. */
  | { readonly kind: 'lost' };

export const SETTLED = { kind: 'settled' } as const;
export const PAUSED = { kind: 'paused' } as const;
export const BLOCKED = { kind: 'blocked' } as const;
export const LOST = { kind: 'lost' } as const;

export const act = <const S extends string>(step: S): Plan<S> => ({ kind: 'act', step });

export const wait = (reason: 'starting' | 'shutting-down' | 'paused'): Plan<never> => ({ kind: 'wait', reason });

/** off, crashed and absent are the same to us: nothing runs. */
export const isOff = (power: DomainPower | null): boolean => power === null || power === 'off' || power === 'crashed';

/** The host's own word: the guest was stopped to be reset, and whoever did so did not come to let it run on. */
const HELD_FOR_RESET = 'reset';

/** libvirt stops a guest for as long as its memory is kept; one that died meanwhile has left it so. */
export const isHeldForSnapshot = (reason: string): boolean => reason === 'save' || reason === 'snapshot';

/** libvirt stopped it to change hosts, and did not come to let it run on where it has stayed. */
export const isHeldForMigration = (reason: string): boolean => reason === 'migration';

/** It does not run yet: memory that was saved is being loaded, which takes as long as there is of it. */
export const isBeingStarted = (reason: string): boolean => reason === 'starting-up';

/**
 * Why a guest stands still that is let run on though nobody asks: QEMU stops one whose write failed, for want of space
 * above all, and it may run on when that is over.
 */
export const isPausedForNow = (reason: string): boolean =>
  reason === 'io-error' || reason === HELD_FOR_RESET || isHeldForSnapshot(reason) || isHeldForMigration(reason);

/** A VM that was built and whose disk is not what it must be: nothing is made or started until it is. */
export const isBlocked = ({ isBuilt, isDiskSound }: Observed): boolean => isBuilt && !isDiskSound;

export const settledUnlessBlocked = (observed: Observed): Plan<never> => (isBlocked(observed) ? BLOCKED : SETTLED);
