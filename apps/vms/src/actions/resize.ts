import { resizeDefinition, resizeLive } from '@infinibay/contracts';
import { ofDefinition, ofRunning } from '@infinibay/vms-domain';
import { linksOf, sizesWith } from '../vms/vm-spec.js';
import { setMedium } from './cdroms.js';
import { setLinks } from './port-links.js';
import type { PerformStep } from './step.js';

const redefine: PerformStep = async (input) => {
  const { vm, target, on, requests, standing } = input;
  const sizes = sizesWith(vm, ofDefinition(standing));
  await requests.call(resizeDefinition, { ...target, sizes }, on);
  await setLinks(input, 'definition', linksOf(vm));
  await setMedium(input, 'definition');
  return 'done';
};

/** A size that the guest does not take is no failure: it is looked at afterwards, and waits for a restart. A link is, and so is a medium. */
const updateLive: PerformStep = async (input) => {
  const { vm, target, on, requests, standing } = input;
  // First: nobody who is to be cut off waits until a guest has let go of a processor.
  await setLinks(input, 'live', linksOf(vm));
  const sizes = sizesWith(vm, ofRunning(standing));
  await requests.call(resizeLive, { ...target, sizes }, on);
  // Last: a guest that has locked its tray keeps nothing else back.
  await setMedium(input, 'live');
  return 'done';
};

export const resize = { redefine, 'update-live': updateLive };
