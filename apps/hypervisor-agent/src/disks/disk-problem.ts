import { DomainError, type DiskProblem } from '@infinibay/contracts';

/** What is in the place of a disk. */
export type DiskFinding =
  | { readonly status: 'SOUND'; readonly capacityBytes: number; readonly file: string }
  | { readonly status: 'ABSENT' | 'UNUSABLE'; readonly problem: DiskProblem };

export const unusable = (code: DiskProblem['code'], message: string): DiskFinding => ({
  status: 'UNUSABLE',
  problem: { code, message },
});

export const ABSENT: DiskFinding = {
  status: 'ABSENT',
  problem: {
    code: 'DISK_MISSING',
    message: 'The disk of the virtual machine was made on this host and is not in its storage any more',
  },
};

export const diskError = (vmId: string, { code, message }: DiskProblem): DomainError =>
  new DomainError(code, { vmId }, { message });
