import { DISK_PROBLEM_CODES, type VmState } from '@infinibay/contracts';

/**
 * Whether a power-off that nobody asked us for is the guest's own wish: then the VM stays off, as on any machine.
 * Anything else (crash, host reboot, a daemon that lost it) is a failure that RUNNING repairs.
 */
export const isGuestInitiated = (reason: string): boolean => reason === 'shutdown';

const MAY_RUN: readonly VmState[] = ['BUILDING', 'STARTING', 'RUNNING', 'PAUSED', 'STOPPING', 'ERROR'];

/** Whether a VM that shows this may have a guest that speaks; what is known of one is shown then. */
export const mayRun = (state: VmState): boolean => MAY_RUN.includes(state);

/** Failures that are over as soon as somebody has put the disk, image or storage back: the VM is looked at again and again. */
export const isDiskProblem = (code: string): boolean => DISK_PROBLEM_CODES.some((known) => known === code);
