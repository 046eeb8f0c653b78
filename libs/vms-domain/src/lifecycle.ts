import { DISK_PROBLEM_CODES, type OperationKind, type VmState } from '@infinibay/contracts';
import type { DesiredState } from './plan.js';

interface Transition {
  readonly desired: DesiredState;
  /** States in which the request is refused with VM_BUSY. */
  readonly refusedIn: readonly VmState[];
  /** What the VM shows from acceptance on; null keeps the state. */
  readonly shows: VmState | null;
}

/** What each request of a user does; data, so that it can be read and tested as a table. */
export const TRANSITIONS: Readonly<Record<OperationKind, Transition>> = {
  CREATE_VM: { desired: 'RUNNING', refusedIn: [], shows: 'BUILDING' },
  START_VM: { desired: 'RUNNING', refusedIn: ['BUILDING', 'STOPPING', 'DELETING', 'DELETED'], shows: 'STARTING' },
  SHUTDOWN_VM: {
    desired: 'STOPPED',
    // Not refused in ERROR: a guest may run although its disk has been taken away, and must be switched off properly.
    refusedIn: ['BUILDING', 'STARTING', 'DELETING', 'DELETED'],
    shows: 'STOPPING',
  },
  FORCE_OFF_VM: { desired: 'FORCED_OFF', refusedIn: ['BUILDING', 'DELETING', 'DELETED'], shows: 'STOPPING' },
  DELETE_VM: { desired: 'DELETED', refusedIn: ['DELETED'], shows: 'DELETING' },
};

export const isAllowed = (kind: OperationKind, state: VmState): boolean => !TRANSITIONS[kind].refusedIn.includes(state);

/** What a VM shows when its plan is settled. */
export const settledState = (desired: DesiredState): VmState => {
  switch (desired) {
    case 'RUNNING':
      return 'RUNNING';
    case 'STOPPED':
    case 'FORCED_OFF':
      return 'STOPPED';
    case 'DELETED':
      return 'DELETED';
  }
};

/**
 * Whether a power-off that nobody asked us for is the guest's own wish: then the VM stays off, as on any machine.
 * Anything else (crash, host reboot, a daemon that lost it) is a failure that RUNNING repairs.
 */
export const isGuestInitiated = (reason: string): boolean => reason === 'shutdown';

/** Failures that are over as soon as somebody has put the disk, image or storage back: the VM is looked at again and again. */
export const isDiskProblem = (code: string): boolean => DISK_PROBLEM_CODES.some((known) => known === code);
