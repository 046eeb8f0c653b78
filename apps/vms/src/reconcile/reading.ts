import {
  LONGEST_COPY_MS,
  SPEC_STEPS,
  actionOf,
  desiredState,
  isOff,
  isSpecChange,
  isStepOf,
  isUnsettled,
  makesVm,
  ofDefinition,
  settledState,
  stepsOf,
  taskOf,
  type Drift,
  type Observed,
  type Step,
  type Task,
} from '@infinibay/vms-domain';
import type { Vm, VmPort, VmSnapshot, Volume } from '../generated/prisma/client.js';
import type { VmMigration } from '../migrations/migration.repository.js';
import type { OpenOperation } from '../operations/operation.repository.js';
import { canSettleIn } from '../vms/settling-in.js';
import { driftIn } from '../vms/vm-spec.js';

/** What a worker decides by. */
export interface Reading {
  readonly vm: Vm;
  /** What somebody asked for and waits for the end of. */
  readonly open: OpenOperation | null;
  /** What is attached to it, shall be, or shall no more be. */
  readonly volumes: readonly Volume[];
  /** Its ports beside the first one, and those that shall go. */
  readonly ports: readonly VmPort[];
  readonly snapshots: readonly VmSnapshot[];
  /** Its way to another host; null: it is on none, and nothing of it is left where it was. */
  readonly migration: VmMigration | null;
  /** Its disk is still to be made, of an image that its host lacks and can be given. */
  readonly isImageMissing: boolean;
}

/** What is to be done once for the operation that is open; null: nothing but the wish. */
export const taskIn = ({ open }: Pick<Reading, 'open'>): Task<Step> | null =>
  open === null ? null : taskOf(open.does);

/** Somebody waits for a VM that is being made. */
export const isOfNewVm = ({ open }: Pick<Reading, 'open'>): boolean => open !== null && makesVm(open.does);

/**
 * For how long it is tried, because it takes so long. The disk of a clone is copied, whatever it is that somebody waits for,
 * and so is an image that the host of a VM lacks.
 */
export const tryingMs = ({ vm, open, isImageMissing }: Pick<Reading, 'open' | 'vm' | 'isImageMissing'>): number => {
  if (isImageMissing) return LONGEST_COPY_MS;
  const isToBeCopied = vm.cloneSourceId !== null && vm.diskBuiltAt === null;
  const task = isToBeCopied ? taskOf('CLONE_VM') : taskIn({ open });
  return task?.keepsTrying === true ? (task.graceMs ?? 0) : 0;
};

/** It takes its time and is looked at again and again; what is recorded of it says that it has begun. */
export const isLookedAtAgain = (reading: Pick<Reading, 'open'>, step: Step): boolean =>
  (isStepOf(taskIn(reading), step) || step === 'bring-image') && typeof reading.open?.stepAgeMs === 'number';

/** Somebody waits for another spec, and for no other power. */
export const isAboutSpec = ({ open }: Pick<Reading, 'open'>): boolean => open !== null && isSpecChange(open.kind);

/** Of a VM and what is open on it, what tells which drift stands. */
interface Drifted {
  readonly vm: Pick<Vm, 'state' | 'revision' | 'appliedRevision' | 'drift'>;
  readonly open: Pick<OpenOperation, 'kind'> | null;
}

/**
 * What somebody made of it on its host, and stays while it is brought to its spec. Who asks for other sizes overrules it
 * with the request itself: what the row still has of it is left alone by whoever waits for a link, and also when that gave
 * way to something else and is made up for.
 */
export const standingDrift = ({ vm, open }: Drifted): Drift[] => {
  const isBroughtToSpec = open === null ? vm.appliedRevision !== vm.revision : isSpecChange(open.kind);
  if (!isBroughtToSpec) return [];
  const drift = driftIn(vm);
  // What runs now was started since, and is what nobody has changed.
  return vm.state === 'STARTING' ? ofDefinition(drift) : drift;
};

/** A deletion was taken back, and somebody waits for this, which only sees that the VM is off where it is; null: not so. */
export const stepOfTakingBack = ({ open }: Pick<Reading, 'open'>): Step | null =>
  open !== null && actionOf(open.kind).deletion === 'taken-back' ? (stepsOf(open.kind)[0] ?? null) : null;

/**
 * With the task's own, when an earlier worker has recorded it: it is not done, nor told of, once more. Only of one that
 * nothing else does: a step that was done for nobody is recorded with whatever is asked for just then.
 */
export const withRecorded = (reading: Pick<Reading, 'open'>, completed: ReadonlySet<Step>): ReadonlySet<Step> => {
  const task = taskIn(reading);
  return task?.isNotPreparedTwice === true && reading.open?.done.includes(task.step) === true
    ? new Set([...completed, task.step])
    : completed;
};

/**
 * Steps with those of a spec that are not to be taken now, which count as done: who asked for something else is not kept
 * waiting by it, and a spec that is only to be declared is brought to no host.
 */
export const withoutSpecSteps = ({ open }: Reading, completed: ReadonlySet<Step>): ReadonlySet<Step> => {
  if (open === null) return completed;
  const steps = stepsOf(open.kind);
  return new Set([...completed, ...SPEC_STEPS.filter((step) => !steps.includes(step))]);
};

/** What is done to a VM in error that is off, without anything that it may be in error about; null: nothing. */
export const inErrorTask = (reading: Reading, { power }: Observed): Task<Step> | null => {
  const task = taskIn(reading);
  return task?.inError === true && reading.vm.state === 'ERROR' && isOff(power) ? task : null;
};

export const isSpecStep = (step: Step | null): boolean => SPEC_STEPS.some((one) => one === step);

export const isOfVolumes = (step: Step | null): boolean => step === 'attach-volume' || step === 'detach-volume';

const LEFTOVERS: readonly Step[] = ['attach-port', 'detach-port', 'delete-snapshot', 'settle-in', 'clean-migration'];

/** What is done for nobody as well, when the VM is as it shall be. */
export const isOfLeftovers = (step: Step | null): boolean => isOfVolumes(step) || LEFTOVERS.some((one) => one === step);

/** What volumes need next; null: nothing, or nothing that who waits for another spec is kept waiting for. */
const pendingVolumes = (reading: Reading): 'attach-volume' | 'detach-volume' | null => {
  const { volumes } = reading;
  if (isAboutSpec(reading)) return null;
  if (volumes.some(({ attachment }) => attachment === 'ATTACHING')) return 'attach-volume';
  return volumes.some(({ attachment }) => attachment === 'DETACHING') ? 'detach-volume' : null;
};

/** The same of ports. */
const pendingPorts = (reading: Reading): 'attach-port' | 'detach-port' | null => {
  const { ports } = reading;
  if (isAboutSpec(reading)) return null;
  if (ports.some(({ attachment }) => attachment === 'ATTACHING')) return 'attach-port';
  return ports.some(({ attachment }) => attachment === 'DETACHING') ? 'detach-port' : null;
};

/** Snapshots that shall be gone, and those that nobody is taking any more. */
const unwantedSnapshots = ({ open, snapshots }: Pick<Reading, 'open' | 'snapshots'>): VmSnapshot[] =>
  snapshots.filter(
    ({ id, state }) => state === 'DELETING' || (state === 'CREATING' && id !== open?.parameters.snapshotId),
  );

/**
 * A transfer left it to be made ready where it is. That is done to one that is off: a start does the same on its way, and
 * of one that was started by hand nobody knows what card it has.
 */
export const isToSettleIn = (vm: Pick<Vm, 'toSettleIn' | 'savedAt' | 'desired'>): boolean =>
  canSettleIn(vm) && settledState(desiredState(vm.desired)) === 'STOPPED';

/** What was begun may have switched it off, or have taken it away, and its host knows. */
export const isOffForTask = (reading: Reading, { isTaskBegun, migration = null }: Observed): boolean =>
  isUnsettled(migration) || (isTaskBegun === true && taskIn(reading)?.isNotPreparedTwice === true);

/** What is left to be done of what was asked for before. */
export const leftoversIn = (
  reading: Reading,
): Pick<Observed, 'pendingVolumes' | 'pendingPorts' | 'hasUnwantedSnapshots' | 'isToSettleIn' | 'migration'> => ({
  pendingVolumes: pendingVolumes(reading),
  pendingPorts: pendingPorts(reading),
  hasUnwantedSnapshots: unwantedSnapshots(reading).length > 0,
  isToSettleIn: isToSettleIn(reading.vm),
  migration: reading.migration,
});

/** A spec that was accepted before had to give way to what ends now, and is still to be brought about. */
export const isOvertaken = (
  { revision, appliedRevision }: Pick<Vm, 'revision' | 'appliedRevision'>,
  { open }: Reading,
): boolean => open !== null && !isSpecChange(open.kind) && appliedRevision !== revision;
