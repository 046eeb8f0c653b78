import { forceOffVm } from '@infinibay/contracts';
import { hostCommand } from './host-command.js';
import type { PerformStep } from './step.js';

const command = hostCommand(forceOffVm);

const cutPower: PerformStep = async (input) => {
  const outcome = await command(input);
  input.preparation.isPowerCut = true;
  return outcome;
};

export const forceOff = { 'force-off': cutPower };
