import { DomainError, ensureEmptyDisk, setCdrom, type CdromStatus } from '@infinibay/contracts';
import { unlessTooOld } from './agent-age.js';
import type { PerformStep, StepInput } from './step.js';

/** @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to know of CD-ROMs */
const answered = async <T extends object>({ vm, on, requests }: StepInput, ask: () => Promise<T>): Promise<T> => {
  const answer = await unlessTooOld({ requests, vmId: vm.id, hostId: on.hostId }, ask);
  if (answer !== undefined) return answer;
  const message = 'The agent of the host is older than CD-ROMs of virtual machines: update it, or take the CD-ROM out';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: setCdrom.name }, { message });
};

const put = async (input: StepInput): Promise<CdromStatus> => {
  const { vm, target, on, requests } = input;
  const asked = { ...target, imageId: vm.cdromImageId };
  return (await answered(input, () => requests.call(setCdrom, asked, on))).status;
};

/** The disk of a VM that is installed from its image, whatever is in its drive by now. */
export const makeEmptyDisk: PerformStep = async (input) => {
  const { vm, target, on, requests } = input;
  const asked = { ...target, imageId: vm.imageId, capacityBytes: Number(vm.diskBytes) };
  await answered(input, () => requests.call(ensureEmptyDisk, asked, on));
  return 'done';
};

/** A definition that was just written has no drive for it. Before the seed of cloud-init: the first drive is booted from. */
export const defineCdrom = async (input: StepInput): Promise<void> => {
  if (input.vm.cdromImageId !== null) await put(input);
  input.preparation.cdrom = { isPending: false };
};

const set: PerformStep = async (input) => {
  const status = await put(input);
  // It is asked again until it has let go, or its time is over.
  if (status === 'HELD') return 'pending';
  input.preparation.cdrom = { isPending: status === 'NEXT_START' };
  return 'done';
};

export const cdromSteps = { 'set-cdrom': set };
