import { DomainError, ensureSeed, inspectVm, type VmNic } from '@infinibay/contracts';
import { seedDocuments } from '@infinibay/vms-domain';
import type { StepInput } from './step.js';

/**
 * A definition that was just written has nothing for cloud-init: what is to be found there is put into it.
 * @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to know of it
 */
export const defineSeed = async (input: StepInput, { mac }: VmNic): Promise<void> => {
  const { vm, target, on, requests } = input;
  const kept = await input.cloudInit();
  if (kept === null) return;
  const { instanceId, wanted } = kept;
  const documents = seedDocuments(wanted, { instanceId, vmName: vm.name, mac });
  const ask = () => requests.call(ensureSeed, { ...target, instanceId, ...documents }, on);
  try {
    await ask();
  } catch (error) {
    if (!hasNoResponders(error)) throw error;
    await orTooOld(input, ask);
  }
};

/** An agent that answers what every version knows, and not this, even when it is asked once more after that, is an older one. */
const orTooOld = async ({ target: { vmId }, on, requests }: StepInput, ask: () => Promise<unknown>): Promise<void> => {
  await requests.call(inspectVm, { vmId }, on);
  try {
    await ask();
  } catch (error) {
    if (!hasNoResponders(error)) throw error;
    const message =
      'The agent of the host is older than cloud-init for virtual machines: update it, or take cloudInit away';
    throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId, request: ensureSeed.name }, { message, cause: error });
  }
};

const hasNoResponders = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'HOST_UNAVAILABLE' && error.details['reason'] === 'no responders';
