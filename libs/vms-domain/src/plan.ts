import type { VmState } from '@infinibay/contracts';
import type { Task } from './actions/define.js';
import type { Parameters } from './actions/options.js';
import { isUnsettled, nextMigrationStep } from './migration.js';
import { PAUSED, act, isHeldForMigration, isHeldForSnapshot, type Observed, type Plan } from './planning.js';
import { SPEC_STEPS, nextSpecStep } from './spec/domain-comparison.js';
import {
  actionOf,
  desiredState,
  optionsOf,
  taskOf,
  wishOf,
  type DesiredState,
  type OperationKind,
  type Step,
} from './registry.js';
import { doneFor } from './retrying.js';

/** What a VM shows when its plan is settled. */
export const settledState = (desired: DesiredState): VmState => wishOf(desired).settles;

/** The power first, then the spec: of a guest that stands still as well, but not of a VM that shall go. */
const planWish = (desired: DesiredState, observed: Observed): Plan<Step> => {
  const next = wishOf(desired).plan(observed);
  const isAtRest = next.kind === 'settled' || next.kind === 'paused';
  if (!isAtRest || observed.sizes === null || desired === 'DELETED') return next;
  const step = nextSpecStep(observed.sizes, observed.completed);
  return step === null ? next : act(step);
};

/** The next thing to do for what a VM shall be, and then for the task of the open operation. */
export const plan = (desired: DesiredState, observed: Observed, task: Task<Step> | null = null): Plan<Step> => {
  const { migration = null } = observed;
  // Where it may run, and who may say so, comes before what it shall be.
  const move = nextMigrationStep(migration);
  if (move !== null) return act(move);
  const next = planWish(desired, observed);
  if (task === null) return desired === 'DELETED' ? withCleaning(next, observed) : withLeftovers(next, observed);
  const isDone = [task.step, task.replacedBy].some((step) => step !== undefined && observed.completed.has(step));
  // It may have come about: what the VM is made ready by would undo it.
  if (task.isNotPreparedTwice === true && observed.isTaskBegun === true && !isDone) return act(task.step);
  const wouldResume = next.kind === 'act' && next.step === 'resume';
  if (isDone && task.keepsPause === true && wouldResume && !isHeldForSnapshot(observed.reason)) return PAUSED;
  const waitsForTask = task.onPaused === true && wouldResume;
  return isDone || (next.kind !== 'settled' && !waitsForTask) ? next : act(task.step);
};

/**
 * Volumes, ports, snapshots and transfers whose operation is over, or another took its place, are brought to what was
 * asked for all the same. Whoever waits for something else is told of that first: a guest may keep a volume for ever.
 */
const withLeftovers = (next: Plan<Step>, observed: Observed): Plan<Step> => {
  const { pendingVolumes = null, pendingPorts = null, hasUnwantedSnapshots = false } = observed;
  const { isAsked, completed, isToSettleIn = false } = observed;
  if (!isAsked && isLockedElsewhere(next, observed)) return act('clean-migration');
  if (next.kind !== 'settled' || isAsked) return next;
  for (const pending of [pendingVolumes, pendingPorts])
    if (pending !== null && !completed.has(pending)) return act(pending);
  if (hasUnwantedSnapshots && !completed.has('delete-snapshot')) return act('delete-snapshot');
  if (isToSettleIn && !completed.has('settle-in')) return act('settle-in');
  return withCleaning(next, observed);
};

/** It could not run on where it has stayed: what stands still at the other host may hold a disk that both have. */
const isLockedElsewhere = (next: Plan<Step>, { migration = null, reason, completed }: Observed): boolean => {
  const wouldResume = next.kind === 'act' && next.step === 'resume';
  const isToBeCleaned = migration?.phase === 'TAKEN_BACK' && !completed.has('clean-migration');
  return wouldResume && isToBeCleaned && isHeldForMigration(reason);
};

/** What a VM has left on a host that it does not belong to goes, also of one that is deleted. */
const withCleaning = (next: Plan<Step>, { migration = null, completed }: Observed): Plan<Step> => {
  const isLeft = migration !== null && !isUnsettled(migration);
  return isLeft && next.kind === 'settled' && !completed.has('clean-migration') ? act('clean-migration') : next;
};

/** Whether a step is the task, or a part of it that comes before. */
export const isStepOf = (task: Task<Step> | null, step: Step): boolean =>
  task !== null && (task.step === step || task.through?.includes(step) === true);

/** Of a VM that is started once it is made those of a start; its disk is there by then. */
const stepsThen = ({ start }: Parameters): readonly Step[] =>
  start === true ? wishOf('RUNNING').steps.filter((step) => step !== 'ensure-disk') : [];

/** The steps that a user sees of an operation, in order: of a retry those of what it does again. */
export const stepsOf = (kind: OperationKind, parameters: Parameters = {}): readonly Step[] => {
  const done = doneFor(kind, parameters);
  const task = taskOf(done);
  if (task !== null) return [...(task.through ?? []), task.step, ...stepsThen(parameters)];
  const action = actionOf(done);
  if ('changes' in action) return SPEC_STEPS.filter((step) => action.steps.includes(step));
  if (!('wish' in action)) return [];
  const { steps, detours = [] } = wishOf(desiredState(action.wish.desired));
  const shown: readonly string[] = action.steps ?? steps;
  const added = parameters.force === true ? optionsOf(done).force?.adds : undefined;
  return [...steps, ...detours].filter((step) => shown.includes(step) || step === added);
};
