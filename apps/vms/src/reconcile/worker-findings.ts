import { DomainError, type DiskProblem } from '@infinibay/contracts';
import { isOff, isStepOf, type Observed, type Step, type Task } from '@infinibay/vms-domain';
import type { Rest } from '../vms/vm-spec.js';

/** A VM as a worker has observed it. */
export type Found = Observed & { readonly problem: DiskProblem | null };

/** How far a worker had come when it failed. */
export interface Attempt {
  readonly step: Step | null;
  /** The VM as it was last seen; null: it could not be looked at. */
  readonly seen: Found | null;
}

export const problemOf = ({ problem }: Found): DomainError =>
  new DomainError(problem?.code ?? 'DISK_MISSING', {}, problem === null ? {} : { message: problem.message });

export const notOffInTime = (paused: string | null): DomainError =>
  new DomainError(
    'DEADLINE_EXCEEDED',
    {},
    {
      message:
        paused === null
          ? 'The guest did not power off in time; it is still running'
          : `The guest did not power off in time: it is paused (${paused}) and cannot hear its power button`,
    },
  );

export const notResumed = (vmId: string, paused: string): DomainError =>
  new DomainError('VM_PAUSED', { vmId, reason: paused }, { message: `The virtual machine stays paused (${paused})` });

export const overdue = ({ overdue: message }: Task): DomainError =>
  new DomainError('DEADLINE_EXCEEDED', {}, { message });

export const restOf = ({ power, completed, sizes }: Found, isSaved: boolean | null): Rest => ({
  isOff: isOff(power),
  isStarted: completed.has('start'),
  sizes,
  isSaved,
});

/** Which step of a task failed: the one that was being done, where it is a part of it. */
export const failedStepOf = (task: Task<Step>, step: Step | null): Step =>
  step !== null && isStepOf(task, step) ? step : task.step;
