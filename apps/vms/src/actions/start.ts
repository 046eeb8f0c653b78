import { discardSavedMemory, dismissRevert, resumeVm, startVm } from '@infinibay/contracts';
import { hostCommand, unlessBusy } from './host-command.js';
import type { PerformStep } from './step.js';

const powerOn: PerformStep = async (input) => {
  const { requests, target, on, parameters } = input;
  if (parameters.acceptUnfinishedRevert === true) await requests.call(dismissRevert, target, on);
  if (parameters.discardSavedMemory === true) {
    await requests.call(discardSavedMemory, target, on);
    input.preparation.savedMemory = 'discarded';
  }
  await requests.call(startVm, target, on);
  return 'done';
};

export const start = { start: unlessBusy(powerOn), resume: unlessBusy(hostCommand(resumeVm)) };
