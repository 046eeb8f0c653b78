import { DomainError, rebootVm } from '@infinibay/contracts';
import type { PerformStep } from './step.js';

/** The host presses the button once for an operation, and says to the same operation whether the guest has restarted. */
const restart: PerformStep = async ({ target, on, requests, operationId }) => {
  if (operationId === null) throw new DomainError('INTERNAL', { reason: 'nobody asked for a restart' });
  const { isRebooted } = await requests.call(rebootVm, { ...target, operationId }, on);
  return isRebooted ? 'done' : 'pending';
};

export const reboot = { reboot: restart };
