import { DomainError, cloneDisk } from '@infinibay/contracts';
import { unlessBusy } from './host-command.js';
import type { PerformStep } from './step.js';

/** The disk of a clone. Its host takes as long for it as there is to copy, and answers meanwhile how far it is. */
export const copyDisk: PerformStep = unlessBusy(async ({ vm, target, on, requests, preparation, reservePercent }) => {
  const { cloneSourceId: sourceVmId, cloneSnapshotId: snapshotId } = vm;
  if (sourceVmId === null) throw new DomainError('INTERNAL', { reason: 'the VM is no clone' });
  const asked = { ...target, sourceVmId, snapshotId, reservePercent };
  const { isComplete, progressPercent } = await requests.call(cloneDisk, asked, on);
  preparation.copiedPercent = progressPercent;
  return isComplete ? 'done' : 'pending';
});
