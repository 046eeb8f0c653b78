import { create } from './create.js';
import { copyDisk } from './disk-copy.js';
import type { PerformStep } from './step.js';

/** One that is not started has its address, its filter and its definition all the same, as a VM that was started has. */
const make: PerformStep = async (input) => {
  if ((await copyDisk(input)) === 'pending') return 'pending';
  const isStarted = input.parameters.start === true;
  if (!isStarted) {
    await create['attach-network'](input);
    await create.protect(input);
    await create.define(input);
  }
  input.preparation.made = { isStarted };
  return 'done';
};

export const clone = { 'clone-disk': make };
