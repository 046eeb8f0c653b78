import { DomainError, ensureSeed, type VmNic } from '@infinibay/contracts';
import { seedDocuments } from '@infinibay/vms-domain';
import type { Vm } from '../generated/prisma/client.js';
import type { KeptCloudInit } from '../vms/vm-cloud-init.repository.js';
import { unlessTooOld } from './agent-age.js';
import type { StepInput } from './step.js';

type Cards = readonly [VmNic, ...VmNic[]];

/** @param nics the first one's default route is preferred */
export const seedOfVm = (
  { name: vmName }: Vm,
  { instanceId, wanted }: KeptCloudInit,
  [{ mac }, ...others]: Cards,
): ReturnType<typeof seedDocuments> =>
  seedDocuments(wanted, { instanceId, vmName, mac, furtherMacs: others.map((nic) => nic.mac) });

/**
 * A definition that was just written has nothing for cloud-init: what is to be found there is put into it.
 * @throws DomainError UNSUPPORTED_BY_DRIVER when the agent of the host is too old to know of it
 */
export const defineSeed = async (input: StepInput, nics: Cards): Promise<void> => {
  const { vm, target, on, requests } = input;
  const kept = await input.cloudInit();
  if (kept === null) return;
  const { instanceId } = kept;
  const documents = seedOfVm(vm, kept, nics);
  const about = { requests, vmId: vm.id, hostId: on.hostId };
  const ask = () => requests.call(ensureSeed, { ...target, instanceId, ...documents }, on);
  if ((await unlessTooOld(about, ask)) !== undefined) return;
  const message =
    'The agent of the host is older than cloud-init for virtual machines: update it, or take cloudInit away';
  throw new DomainError('UNSUPPORTED_BY_DRIVER', { vmId: vm.id, request: ensureSeed.name }, { message });
};
