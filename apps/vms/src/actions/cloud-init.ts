import { DomainError, ensureSeed, type VmNic } from '@infinibay/contracts';
import { seedDocuments } from '@infinibay/vms-domain';
import { unlessTooOld } from './agent-age.js';
import type { StepInput } from './step.js';

/**
 * A definition that was just written has nothing for cloud-init: what is to be found there is put into it.
 * @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to know of it
 */
export const defineSeed = async (
  input: StepInput,
  [{ mac }, ...others]: readonly [VmNic, ...VmNic[]],
): Promise<void> => {
  const { vm, target, on, requests } = input;
  const kept = await input.cloudInit();
  if (kept === null) return;
  const { instanceId, wanted } = kept;
  const furtherMacs = others.map((nic) => nic.mac);
  const documents = seedDocuments(wanted, { instanceId, vmName: vm.name, mac, furtherMacs });
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const ask = () => requests.call(ensureSeed, { ...target, instanceId, ...documents }, on);
  if ((await unlessTooOld(about, ask)) !== undefined) return;
  const message =
    'The agent of the host is older than cloud-init for virtual machines: update it, or take cloudInit away';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: ensureSeed.name }, { message });
};
