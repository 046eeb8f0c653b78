import { DomainError, ERROR_CODES, isErrorCode, type ErrorCode, type VmState } from '@infinibay/contracts';
import { isExclusive, isKind } from './registry.js';

/** What a drain does to a VM of its host. */
export const DRAIN_OUTCOMES = ['MIGRATE', 'SHUT_DOWN', 'DELETION', 'NOTHING', 'BLOCKED'] as const;
export type DrainOutcome = (typeof DRAIN_OUTCOMES)[number];

/** What a drain is wanted to do to what runs. */
export const DRAIN_MODES = ['SHUT_DOWN', 'MIGRATE', 'MIGRATE_OR_SHUT_DOWN'] as const;
export type DrainMode = (typeof DRAIN_MODES)[number];

/** VMs that leave one host at the same time, when a drain moves them: more only share its network, and stand still longer. */
export const DRAINED_AT_ONCE = 3;

export interface DrainReason {
  readonly code: string;
  readonly message: string;
}

/** A VM as a drain finds it. */
export interface DrainedVm {
  readonly state: VmState;
  /** Its deletion was accepted, and has failed if it is in ERROR. */
  readonly isWantedGone: boolean;
  /** Why it is in ERROR. */
  readonly error: DrainReason | null;
  /** The kind of the operation that is open on it, also one that this version does not know. */
  readonly open: string | null;
  /** Why it can't be moved to another host, where that is known. */
  readonly obstacle: DrainReason | null;
}

export type DrainVerdict =
  /** Why it is left as it is. */
  | { readonly outcome: 'BLOCKED'; readonly reason: DrainReason }
  /** Of SHUT_DOWN: why it is not moved, where that was wanted. */
  | { readonly outcome: Exclude<DrainOutcome, 'BLOCKED'>; readonly reason: DrainReason | null };

const UNKNOWN_ERROR = { code: 'VM_BUSY', message: 'The virtual machine is in ERROR' } as const;
const STANDS_STILL = { code: 'VM_BUSY', message: 'A virtual machine that stands still can not be moved' } as const;

/** It becomes ready for what a drain asks by itself, or ends in error: a drain waits for that. */
export const isComingUp = (state: unknown): boolean => state === 'BUILDING' || state === 'STARTING';

/** Whether an operation takes the VM to another host. */
export const movesVm = (kind: string | null): boolean => kind === 'MIGRATE_VM';

/**
 * What becomes of it. One that is being made or started is moved or shut down once it is up: what it was accepted with is
 * finished first. One that is on its way to another host goes on, and one that is going off too. What must not be left half done
 * goes on, and an error that says more than that its host was away stays to be seen.
 */
export const drainVerdict = (vm: DrainedVm, mode: DrainMode): DrainVerdict => {
  const { state } = vm;
  if (state === 'STOPPED' || state === 'DELETED') return { outcome: 'NOTHING', reason: null };
  if (state === 'DELETING') return { outcome: 'DELETION', reason: null };
  // Who wants all off knows no other word: it is waited for, and shut down if it stays.
  if (movesVm(vm.open)) return { outcome: mode === 'SHUT_DOWN' ? 'SHUT_DOWN' : 'MIGRATE', reason: null };
  const whyLeft = whyLeftAlone(vm);
  if (whyLeft !== null) return { outcome: 'BLOCKED', reason: whyLeft };
  if (mode === 'SHUT_DOWN' || state === 'STOPPING') return { outcome: 'SHUT_DOWN', reason: null };
  const reason = whyUnmoved(vm);
  if (reason === null) return { outcome: 'MIGRATE', reason };
  return mode === 'MIGRATE' ? { outcome: 'BLOCKED', reason } : { outcome: 'SHUT_DOWN', reason };
};

const whyLeftAlone = (vm: DrainedVm): DrainReason | null => {
  const { state, error, open } = vm;
  if (open !== null && !isComingUp(state) && isHeldBy(open))
    return { code: 'VM_BUSY', message: `${open} is under way, and has to end first` };
  return state === 'ERROR' && !mayBeOn(vm) ? (error ?? UNKNOWN_ERROR) : null;
};

const isHeldBy = (kind: string): boolean => !isKind(kind) || isExclusive(kind);

/** Its host was away when it was to be switched off, or something else of it was to be done: the guest may run on. */
const mayBeOn = ({ isWantedGone, error }: DrainedVm): boolean => {
  // A shutdown would be taken for another word on what shall become of it.
  if (isWantedGone) return false;
  const kind = error !== null && isErrorCode(error.code) ? ERROR_CODES[error.code].kind : null;
  return kind === 'unavailable' || kind === 'timeout';
};

/** What migrateVm would not be accepted for. */
const whyUnmoved = ({ state, error, obstacle }: DrainedVm): DrainReason | null => {
  if (state === 'PAUSED') return STANDS_STILL;
  return state === 'ERROR' ? (error ?? UNKNOWN_ERROR) : obstacle;
};

/** They do not pass by waiting, as those do that follow. */
const OBSTACLES: readonly ErrorCode[] = [
  'VM_NOT_MIGRATABLE',
  'NO_SUITABLE_HOST',
  'MEMORY_EXCEEDS_HOST',
  'VM_MEMORY_SAVED',
  'DELETION_SCHEDULED',
];
const PASSING: readonly ErrorCode[] = ['VM_BUSY', 'PORT_BUSY', 'VOLUME_BUSY'];

/** States of volumes to which something is being done. */
const UNDER_WAY: ReadonlySet<unknown> = new Set(['RESIZING', 'MOVING']);

/** Whether a VM of which moving was refused so may be asked again soon. */
export const passesByWaiting = (refusal: unknown): refusal is DomainError =>
  refusal instanceof DomainError && PASSING.includes(refusal.code);

/**
 * Whether it may be over soon, and may stay for ever: what an earlier request has left of a VM, and hosts that were not heard
 * just now. It is waited for some minutes; then the VM is judged by what it was refused with.
 */
export const mayStay = (refusal: unknown): boolean => {
  if (!(refusal instanceof DomainError)) return false;
  const { code, details } = refusal;
  // An operation that is under way ends, and so does what is done to a volume.
  if (PASSING.includes(code)) return details['operation'] === undefined && !UNDER_WAY.has(details['state']);
  return code === 'NO_SUITABLE_HOST' && rulesIn(details['refusals']).includes('host-online');
};

/** Why a VM can't be moved, by what moving it was refused with; null: it was refused for something else. */
export const obstacleIn = (refusal: unknown): DrainReason | null => {
  if (!(refusal instanceof DomainError) || !OBSTACLES.includes(refusal.code)) return null;
  const { code, message, details } = refusal;
  const said = typeof details['reason'] === 'string' ? details['reason'] : rulesIn(details['refusals']).join(', ');
  return { code, message: said === '' ? message : `${message}: ${said}` };
};

/** The rules by which hosts were refused, each once. */
const rulesIn = (refusals: unknown): string[] =>
  Array.isArray(refusals) ? refusals.map((one: { readonly rule?: unknown }) => String(one.rule)) : [];
