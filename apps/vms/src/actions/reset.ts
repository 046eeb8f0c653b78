import { DomainError, resetVm } from '@infinibay/contracts';
import { unlessBusy } from './host-command.js';
import type { PerformStep } from './step.js';

/** The host presses the button once for an operation, and answers when it has. */
const press: PerformStep = async ({ target, on, requests, operationId }) => {
  if (operationId === null) throw new DomainError('INTERNAL', { reason: 'nobody asked for a reset' });
  await requests.call(resetVm, { ...target, operationId }, on);
  return 'done';
};

export const reset = { reset: unlessBusy(press) };
