import {
  DomainError,
  attachVm,
  discardSavedMemory,
  ensureDisk,
  findDepartments,
  keepPort,
  protectVm,
  resizeDefinition,
  selectNetwork,
  type VmNic,
} from '@infinibay/contracts';
import { canSettleIn } from '../vms/settling-in.js';
import { linksToDefine, sizesToDefine } from '../vms/vm-spec.js';
import { defineSeed } from './cloud-init.js';
import { copyDisk } from './disk-copy.js';
import { defineDomain } from './hardware.js';
import { setLinks } from './port-links.js';
import type { PerformStep, Preparation, StepInput } from './step.js';
import { defineVolumes } from './volumes.js';

const attachNetwork: PerformStep = async (input) => {
  const { id: vmId, departmentId, hostId, name: hostname } = input.vm;
  const networkId = input.vm.networkId ?? (await selectedNetwork(input));
  const request = { vmId, departmentId, networkId, hostId, hostname, fence: input.target.fence };
  input.preparation.nic = (await input.requests.call(attachVm, request)).nic;
  return 'done';
};

/** What could not be asked when the VM was accepted. @throws DomainError DEPARTMENT_NOT_FOUND, NETWORK_NOT_FOUND, NETWORK_REQUIRED */
const selectedNetwork = async ({ vm, requests }: StepInput): Promise<string> => {
  const { departmentId, wantedNetworkId } = vm;
  const { departments } = await requests.call(findDepartments, { departmentIds: [departmentId] });
  if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND');
  return (await requests.call(selectNetwork, { departmentId, networkId: wantedNetworkId })).networkId;
};

const makeDisk: PerformStep = async (input) => {
  const { vm, target, on, requests } = input;
  // Whatever was to be copied: a clone never gets the disk of a new VM instead.
  if (vm.cloneSourceId !== null) return copyDisk(input);
  await requests.call(ensureDisk, { ...target, imageId: vm.imageId, capacityBytes: Number(vm.diskBytes) }, on);
  return 'done';
};

const protect: PerformStep = async ({ vm, target, requests, preparation }) => {
  const { departmentId, hostId } = vm;
  const { mac, address } = cardOf(preparation);
  const reply = await requests.call(protectVm, { ...target, departmentId, hostId, nics: [{ mac, address }] });
  if (reply.status === 'FAILED' || reply.status === 'PENDING') {
    throw new DomainError('HYPERVISOR_ERROR', { reason: 'the packet filter is not applied', status: reply.status });
  }
  preparation.filterName = reply.filterName;
  return 'done';
};

const define: PerformStep = async (input) => {
  const { vm, target, on, requests, preparation, parameters } = input;
  const { id: vmId, departmentId, name } = vm;
  const sizes = sizesToDefine(vm);
  const { vcpus, memoryMib } = sizes;
  const { filterName = null } = preparation;
  const card = cardOf(preparation);
  const spec = { vmId, departmentId, name, vcpus, memoryMib, nics: [card], filterName };
  await defineDomain(input, spec);
  // Before all that would not fit it.
  if (parameters.discardSavedMemory === true) {
    await requests.call(discardSavedMemory, target, on);
    preparation.savedMemory = 'discarded';
  }
  // Room above its size is no part of the definition that every agent knows.
  if (sizes.maxVcpus > vcpus || sizes.maxMemoryMib > memoryMib)
    await requests.call(resizeDefinition, { ...target, sizes }, on);
  // And its link is up in it. Those of cards that it has no more ask nothing of an agent that may be too old for links.
  const { mac } = card;
  if (linksToDefine(vm)[mac] === 'DOWN') await setLinks(input, 'definition', { [mac]: 'DOWN' });
  await defineSeed(input, card);
  await defineVolumes(input);
  // What it has elsewhere since it went to another department: no address is free while a definition names it.
  if (canSettleIn(vm)) await requests.call(keepPort, { ...target, networkId: card.networkId });
  return 'done';
};

const cardOf = ({ nic }: Preparation): VmNic => {
  if (nic === undefined) throw new DomainError('INTERNAL', { reason: 'planned before the network was attached' });
  return nic;
};

/** All that stands before a start. */
export const create = { 'attach-network': attachNetwork, 'ensure-disk': makeDisk, protect, define };
