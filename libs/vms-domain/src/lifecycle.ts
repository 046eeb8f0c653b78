import { DISK_PROBLEM_CODES } from '@infinibay/contracts';

/**
 * Whether a power-off that nobody asked us for is the guest's own wish: then the VM stays off, as on any machine.
 * Anything else (crash, host reboot, a daemon that lost it) is a failure that RUNNING repairs.
 */
export const isGuestInitiated = (reason: string): boolean => reason === 'shutdown';

/** Failures that are over as soon as somebody has put the disk, image or storage back: the VM is looked at again and again. */
export const isDiskProblem = (code: string): boolean => DISK_PROBLEM_CODES.some((known) => known === code);
