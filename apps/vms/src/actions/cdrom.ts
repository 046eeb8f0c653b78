import { DomainError, setCdrom, type CdromStatus } from '@infinibay/contracts';
import { unlessTooOld } from './agent-age.js';
import type { PerformStep, StepInput } from './step.js';

/** @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to know of CD-ROMs */
const put = async ({ vm, target, on, requests }: StepInput): Promise<CdromStatus> => {
  const { cdromImageId: imageId } = vm;
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const answer = await unlessTooOld(about, () => requests.call(setCdrom, { ...target, imageId }, on));
  if (answer !== undefined) return answer.status;
  const message = 'The agent of the host is older than CD-ROMs of virtual machines: update it, or take the CD-ROM out';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: setCdrom.name }, { message });
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
