import { resizeDefinition, resizeLive } from '@infinibay/contracts';
import { sizesOf } from '../vms/vm-spec.js';
import type { PerformStep } from './step.js';

const redefine: PerformStep = async ({ vm, target, on, requests }) => {
  await requests.call(resizeDefinition, { ...target, sizes: sizesOf(vm) }, on);
  return 'done';
};

/** What the guest does not take is no failure: it is looked at afterwards, and waits for a restart. */
const updateLive: PerformStep = async ({ vm, target, on, requests }) => {
  await requests.call(resizeLive, { ...target, sizes: sizesOf(vm) }, on);
  return 'done';
};

export const resize = { redefine, 'update-live': updateLive };
