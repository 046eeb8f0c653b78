import { resizeDefinition, resizeLive } from '@infinibay/contracts';
import { linksToDefine, linksToRun, sizesToDefine, sizesToRun } from '../vms/vm-spec.js';
import { setLinks } from './port-links.js';
import type { PerformStep } from './step.js';

const redefine: PerformStep = async (input) => {
  const { vm, target, on, requests } = input;
  await requests.call(resizeDefinition, { ...target, sizes: sizesToDefine(vm) }, on);
  await setLinks(input, 'definition', linksToDefine(vm));
  return 'done';
};

/** A size that the guest does not take is no failure: it is looked at afterwards, and waits for a restart. A link is. */
const updateLive: PerformStep = async (input) => {
  const { vm, target, on, requests } = input;
  // First: nobody who is to be cut off waits until a guest has let go of a processor.
  await setLinks(input, 'live', linksToRun(vm));
  await requests.call(resizeLive, { ...target, sizes: sizesToRun(vm) }, on);
  return 'done';
};

export const resize = { redefine, 'update-live': updateLive };
