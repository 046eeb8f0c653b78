import type { VmState } from '@infinibay/contracts';
import type { AnyAction, SpecAction, Task, Wish } from './actions/define.js';
import type { Options } from './actions/options.js';
import { ACTIONS } from './actions/index.js';

type Registered = (typeof ACTIONS)[number];
type WishOf<A> = A extends { readonly wish: infer W } ? W : never;
type StepOf<A> = A extends { readonly wish: Wish<string, infer S> }
  ? S
  : A extends { readonly task: Task<infer S> }
    ? S
    : A extends SpecAction<string, string, infer S>
      ? S
      : never;

/** What an operation is about, as people and events name it. */
export type OperationKind = Registered['kind'];
/** What a VM shall be. */
export type DesiredState = WishOf<Registered>['desired'];
/** What a worker does at one time, and what a user sees of an operation. */
export type Step = StepOf<Registered>;

export const OPERATION_KINDS: readonly OperationKind[] = ACTIONS.map(({ kind }) => kind);

const actions: ReadonlyMap<string, AnyAction> = new Map(ACTIONS.map((action) => [action.kind, action]));
const wishes = new Map<string, Wish<string, Step>>(
  ACTIONS.flatMap((action) => ('wish' in action ? [[action.wish.desired, action.wish]] : [])),
);

const required = <T>(found: T | undefined, what: string): T => {
  if (found === undefined) throw new RangeError(`${what} is not registered in libs/vms-domain/src/actions`);
  return found;
};

/** Whether this version knows the kind: a row may be of a newer one. */
export const isKind = (text: string): text is OperationKind => actions.has(text);
const isDesired = (text: string): text is DesiredState => wishes.has(text);

/** A kind as a row has it. @throws RangeError for one that this version does not know */
export const operationKind = (text: string): OperationKind => {
  if (isKind(text)) return text;
  throw new RangeError(`${text} is no kind of operation`);
};

/** A wish as a row has it. @throws RangeError for one that this version does not know */
export const desiredState = (text: string): DesiredState => {
  if (isDesired(text)) return text;
  throw new RangeError(`${text} is no wish`);
};

export const actionOf = (kind: OperationKind): AnyAction => required(actions.get(kind), kind);

export const wishOf = (desired: DesiredState): Wish<string, Step> => required(wishes.get(desired), desired);

export const isAllowed = (kind: OperationKind, state: VmState): boolean => actionOf(kind).allowedIn.includes(state);

/** What may be said of how it is to be done. */
export const optionsOf = (kind: OperationKind): Options => actionOf(kind).options ?? {};

/** The task of an operation; null when it is about a wish. */
export const taskOf = (kind: OperationKind): Task<Step> | null => {
  const action = ACTIONS.find((one) => one.kind === kind);
  return action !== undefined && 'task' in action ? action.task : null;
};

const cut = required(
  ACTIONS.find((action) => action.cutsPower === true),
  'a cut',
);

/** The action that cuts the power of a VM. */
export const POWER_CUT: OperationKind = cut.kind;

/** Whether a VM that it is asked of is to have its power cut, whatever else becomes of it. */
export const isPowerCut = (kind: OperationKind): boolean => {
  const action = actionOf(kind);
  return 'wish' in action && 'wish' in cut && action.wish.desired === cut.wish.desired;
};

/**
 * Whether it is refused, with DELETION_SCHEDULED, of a VM that is going to be deleted: one that exists, stays off and is
 * not destroyed.
 */
export const isRefusedWhileScheduled = (kind: OperationKind): boolean => {
  const { allowedIn, destroys } = actionOf(kind);
  return allowedIn.length > 0 && destroys !== true && !isPowerCut(kind);
};

/** Whether nothing else is accepted while it is open, but what destroys the VM. */
export const isExclusive = (kind: OperationKind): boolean => actionOf(kind).isExclusive === true;

/** Whether somebody may take it back while it is open. */
export const isCancellable = (kind: OperationKind): boolean => actionOf(kind).isCancellable === true;

/** Whether an operation is of a VM that it makes. */
export const makesVm = (kind: OperationKind): boolean => actionOf(kind).makesVm === true;

/** Whether an operation changes what the VM is declared to be, and not its power. */
export const isSpecChange = (kind: OperationKind): boolean => 'changes' in actionOf(kind);
