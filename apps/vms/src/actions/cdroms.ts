import { DomainError, ensureBlankDisk, setCdrom } from '@infinibay/contracts';
import { cdromOf } from '../vms/vm-cdrom.js';
import { unlessTooOld } from './agent-age.js';
import type { StepInput } from './step.js';

/**
 * Puts into the CD drive what is declared, in the definition or in what runs. A VM without a drive has nothing done.
 * @throws DomainError CDROM_LOCKED, IMAGE_NOT_FOUND, UNSUPPORTED_BY_DRIVER when there is a medium and the agent of the host
 * is too old to know of drives
 */
export const setMedium = async (
  { vm, target, on, requests }: StepInput,
  of: 'definition' | 'live',
): Promise<void> => {
  const cdrom = cdromOf(vm);
  if (cdrom === undefined) return;
  const { imageId } = cdrom;
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const answer = await unlessTooOld(about, () => requests.call(setCdrom, { ...target, of, imageId }, on));
  // Such an agent has put nothing into any drive.
  if (answer !== undefined || imageId === null) return;
  const message = 'The agent of the host is older than CD drives of virtual machines: update it, or eject the medium';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: setCdrom.name }, { message });
};

/**
 * The disk of a VM that is installed from an ISO.
 * @throws DomainError the problems of disks, UNSUPPORTED_BY_DRIVER when the agent of the host is too old to make it
 */
export const makeBlankDisk = async ({ vm, target, on, requests }: StepInput): Promise<void> => {
  const disk = { imageId: vm.imageId, capacityBytes: Number(vm.diskBytes) };
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const answer = await unlessTooOld(about, () => requests.call(ensureBlankDisk, { ...target, ...disk }, on));
  if (answer !== undefined) return;
  const message = 'The agent of the host is older than installation from an ISO: update it';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: ensureBlankDisk.name }, { message });
};
