import { DomainError, saveVm } from '@infinibay/contracts';
import type { PerformStep } from './step.js';

/** A host takes as long for it as there is memory, and answers meanwhile that it is not complete. */
const keep: PerformStep = async ({ vm, target, on, requests, preparation }) => {
  // What was to be kept is gone: it went off, and was started anew.
  if (vm.state === 'STARTING') throw new DomainError('NOTHING_TO_SAVE', { vmId: vm.id });
  const { isComplete } = await requests.call(saveVm, target, on);
  if (!isComplete) return 'pending';
  preparation.savedMemory = 'kept';
  return 'done';
};

export const save = { save: keep };
