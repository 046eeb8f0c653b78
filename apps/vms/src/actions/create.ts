import {
  DomainError,
  discardSavedMemory,
  ensureDisk,
  findDepartments,
  keepPorts,
  resizeDefinition,
  selectNetwork,
} from '@infinibay/contracts';
import { canSettleIn } from '../vms/settling-in.js';
import { linksToDefine, sizesToDefine } from '../vms/vm-spec.js';
import { defineCdrom, makeEmptyDisk } from './cdrom.js';
import { defineSeed } from './cloud-init.js';
import { copyDisk } from './disk-copy.js';
import { defineDomain } from './hardware.js';
import { ensureNics, nicsOf, protect } from './nics.js';
import { setLinks } from './port-links.js';
import { defineCards } from './ports.js';
import type { PerformStep, StepInput } from './step.js';
import { defineVolumes } from './volumes.js';

const attachNetwork: PerformStep = async (input) => {
  await ensureNics(input, input.vm.networkId ?? (await selectedNetwork(input)));
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
  if (vm.isDiskEmpty) return makeEmptyDisk(input);
  await requests.call(ensureDisk, { ...target, imageId: vm.imageId, capacityBytes: Number(vm.diskBytes) }, on);
  return 'done';
};

const define: PerformStep = async (input) => {
  const { vm, target, on, requests, preparation, parameters } = input;
  const { id: vmId, departmentId, name } = vm;
  const sizes = sizesToDefine(vm);
  const { vcpus, memoryMib } = sizes;
  const { filterName = null } = preparation;
  const nics = nicsOf(preparation);
  // The first is of what every agent defines.
  const [card] = nics;
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
  // Before the volumes, which take whatever slots are free.
  await defineCards(input);
  await defineCdrom(input);
  await defineSeed(input, nics);
  await defineVolumes(input);
  // What it has elsewhere since it went to another department: no address is free while a definition names it.
  if (canSettleIn(vm))
    await requests.call(keepPorts, { ...target, networkIds: nics.map(({ networkId }) => networkId) });
  return 'done';
};

/** All that stands before a start. */
export const create = { 'attach-network': attachNetwork, 'ensure-disk': makeDisk, protect, define };
