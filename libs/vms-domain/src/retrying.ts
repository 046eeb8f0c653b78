import { ERROR_CODES, isErrorCode, type ErrorCode, type ErrorKind } from '@infinibay/contracts';
import { ACTIONS } from './actions/index.js';
import type { Parameters } from './actions/options.js';
import { actionOf, isKind, makesVm, type DesiredState, type OperationKind } from './registry.js';

/** Another wish ends these, or another revert. The same again comes to the same, or hides that disks are of two times. */
const STAYING = ['SUSPENDED_GUEST_LOST', 'REVERT_UNFINISHED'] as const satisfies readonly ErrorCode[];

/** Whether a VM in error for this reason is not tried again, whoever asks for it. */
export const staysInError = (code: string): code is (typeof STAYING)[number] => STAYING.some((one) => one === code);

/** What is gone for good, and what is wrong as it was said. */
const LASTING: readonly ErrorKind[] = ['invalid_input', 'unauthenticated', 'forbidden', 'not_found', 'conflict'];
/** An operator puts the image on its host again, under the same id; a definition that its host has lost is made anew. */
const COMING_BACK: readonly ErrorCode[] = ['IMAGE_NOT_FOUND', 'VM_NOT_FOUND'];

/** Whether a retry may help a VM that is in error for this reason. It may where the code is of a newer version. */
export const mayPass = (code: string): boolean => {
  if (!isErrorCode(code)) return true;
  if (staysInError(code)) return false;
  return COMING_BACK.includes(code) || !LASTING.includes(ERROR_CODES[code].kind);
};

/** What is asked for again of a VM that is there: the first in the list that wishes for it. */
const askedFor = (desired: DesiredState): OperationKind => {
  const action = ACTIONS.find((one) => 'wish' in one && one.wish.desired === desired && !makesVm(one.kind));
  if (action === undefined) throw new Error(`no action wishes for ${desired}`);
  return action.kind;
};

/** A VM in error, as far as its retry depends on it. */
export interface FailedVm {
  readonly desired: DesiredState;
  /** Its disk was made, and that was recorded. */
  readonly isBuilt: boolean;
  /** Its disk is made by copying another. */
  readonly isClone: boolean;
}

/**
 * Which action a retry does again. Of a VM without a disk that is what makes it: a clone shall be off, and one without a
 * disk would be off at once.
 */
export const retriedKind = ({ desired, isBuilt, isClone }: FailedVm): OperationKind => {
  if (!isBuilt && desired === 'RUNNING') return 'CREATE_VM';
  if (!isBuilt && isClone && desired === 'STOPPED') return 'CLONE_VM';
  return askedFor(desired);
};

export const isRetry = (kind: OperationKind): boolean => 'isRetry' in actionOf(kind);

/** What is done for an operation: of a retry what it does again, of any other what it is. */
export const doneFor = (kind: OperationKind, { retries }: Parameters): OperationKind =>
  isRetry(kind) && retries !== undefined && isKind(retries) ? retries : kind;

/** Kinds of operations that say what a VM shall be, or make it. */
export const WISHING_KINDS: readonly OperationKind[] = ACTIONS.map(({ kind }) => kind).filter(
  (kind) => 'wish' in actionOf(kind) || makesVm(kind) || isRetry(kind),
);

/** How it is to be done, which holds until it has come about. What was said to be written down was written then. */
const SAID_AGAIN: readonly (keyof Parameters)[] = [
  'timeoutSeconds',
  'force',
  'start',
  'acceptUnfinishedRevert',
  'discardSavedMemory',
];

/**
 * What a retry is told of what was said with the operation that failed.
 * @param failed while the VM has been in error: of one before that, what was said may have come about
 * @returns nothing, when that was about something else
 */
export const saidAgain = (
  failed: { readonly kind: OperationKind; readonly parameters: Parameters },
  retried: OperationKind,
): Parameters => {
  const done = doneFor(failed.kind, failed.parameters);
  if (done !== retried && (wishedBy(done) === null || wishedBy(done) !== wishedBy(retried))) return {};
  return Object.fromEntries(
    Object.entries(failed.parameters).filter(([name]) => SAID_AGAIN.some((said) => said === name)),
  );
};

const wishedBy = (kind: OperationKind): string | null => {
  const action = actionOf(kind);
  return 'wish' in action ? action.wish.desired : null;
};
