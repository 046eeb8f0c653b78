import { dismissRevert, resumeVm, startVm } from '@infinibay/contracts';
import { hostCommand, unlessBusy } from './host-command.js';
import type { PerformStep } from './step.js';

const powerOn: PerformStep = async ({ requests, target, on, parameters }) => {
  if (parameters.acceptUnfinishedRevert === true) await requests.call(dismissRevert, target, on);
  await requests.call(startVm, target, on);
  return 'done';
};

export const start = { start: unlessBusy(powerOn), resume: unlessBusy(hostCommand(resumeVm)) };
