import type { VmState } from '@infinibay/contracts';
import type { Task } from './actions/define.js';
import { SETTLED, act, type Observed, type Plan } from './planning.js';
import {
  actionOf,
  desiredState,
  taskOf,
  wishOf,
  type DesiredState,
  type OperationKind,
  type Step,
} from './registry.js';

/** What a VM shows when its plan is settled. */
export const settledState = (desired: DesiredState): VmState => wishOf(desired).settles;

/** The next thing to do for what a VM shall be, and then for the task of the open operation. */
export const plan = (desired: DesiredState, observed: Observed, task: Task<Step> | null = null): Plan<Step> => {
  const next = wishOf(desired).plan(observed);
  if (next.kind !== 'settled' || task === null) return next;
  const isDone = [task.step, task.replacedBy].some((step) => step !== undefined && observed.completed.has(step));
  return isDone ? SETTLED : act(task.step);
};

/** The steps that a user sees of an operation, in order. */
export const stepsOf = (kind: OperationKind): readonly Step[] => {
  const task = taskOf(kind);
  if (task !== null) return [task.step];
  const action = actionOf(kind);
  return 'wish' in action ? wishOf(desiredState(action.wish.desired)).steps : [];
};
