import { DomainError, attachVm, findNics } from '@infinibay/contracts';
import { create } from './create.js';
import type { PerformStep } from './step.js';

/**
 * Its card in the network of the other department, beside the one that it has: where there is none to be had, it stays as
 * it is. That it is of that department is recorded with the step.
 */
const transfer: PerformStep = async ({ vm, target, requests, preparation, parameters }) => {
  const { departmentId, networkId } = parameters;
  if (departmentId === undefined || networkId === undefined)
    throw new DomainError('INTERNAL', { reason: 'a transfer to nowhere' });
  // A worker before has recorded it.
  if (vm.departmentId === departmentId) return 'done';
  // What this worker has made ready before is of the department that it leaves.
  delete preparation.nics;
  const asked = { ...target, departmentId, networkId, hostId: vm.hostId, hostname: vm.name };
  const { mac: got } = (await requests.call(attachVm, asked)).nic;
  const { nics } = await requests.call(findNics, { vmId: vm.id });
  // Of several it is the first whose place it takes.
  const had = nics.filter((nic) => nic.networkId === vm.networkId).map(({ mac }) => mac);
  preparation.cards = { got, had };
  return 'done';
};

/**
 * Makes it ready where it is, whatever became of the transfer: its port, its filter and its definition are of the
 * department that it is in. The definition frees the card that it has elsewhere, as nothing names that any more.
 */
const settleIn: PerformStep = async (input) => {
  await create['attach-network'](input);
  await create.protect(input);
  return create.define(input);
};

export const transferSteps = { transfer, 'settle-in': settleIn };
