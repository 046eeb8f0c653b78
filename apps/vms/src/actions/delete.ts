import { detachVm, removeDisk, undefineVm, unprotectVm } from '@infinibay/contracts';
import { hostCommand, unlessBusy } from './host-command.js';
import type { PerformStep } from './step.js';

const unprotect: PerformStep = async ({ target, on, requests }) => {
  await requests.call(unprotectVm, { ...target, ...on });
  return 'done';
};

const detachNetwork: PerformStep = async ({ target, on, requests }) => {
  await requests.call(detachVm, { ...target, ...on });
  return 'done';
};

/** What follows when the power is off. */
export const deleteVm = {
  undefine: hostCommand(undefineVm),
  // A disk that is being copied is waited for.
  'remove-disk': unlessBusy(hostCommand(removeDisk)),
  unprotect,
  'detach-network': detachNetwork,
};
