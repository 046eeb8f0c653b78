import { DomainError, attachVm, keepPort } from '@infinibay/contracts';
import { create } from './create.js';
import type { PerformStep } from './step.js';

/**
 * Its card in the network of the other department, beside the one that it has: where there is none to be had, it stays as
 * it is. That it is of that department is recorded with the step.
 */
const transfer: PerformStep = async ({ vm, target, requests, parameters: { departmentId, networkId } }) => {
  if (departmentId === undefined || networkId === undefined)
    throw new DomainError('INTERNAL', { reason: 'a transfer to nowhere' });
  // A worker before has recorded it.
  if (vm.departmentId === departmentId) return 'done';
  await requests.call(attachVm, { ...target, departmentId, networkId, hostId: vm.hostId, hostname: vm.name });
  return 'done';
};

/**
 * Makes it ready where it is, whatever became of the transfer: its filter and its definition are of the department that it
 * is in, and the card that it has elsewhere is freed when nothing names it any more.
 */
const settleIn: PerformStep = async (input) => {
  const { vm, target, requests } = input;
  // One that was started meanwhile was made ready by that.
  if (vm.state === 'STOPPED') {
    await create['attach-network'](input);
    await create.protect(input);
    await create.define(input);
  }
  const networkId = vm.networkId ?? input.preparation.nic?.networkId;
  if (networkId !== undefined) await requests.call(keepPort, { ...target, networkId });
  return 'done';
};

export const transferSteps = { transfer, 'settle-in': settleIn };
