import type { RequestContract } from '@infinibay/contracts';
import type { z } from 'zod';
import type { PerformStep, StepInput } from './step.js';

type OnAVm = StepInput['target'];

/** A step that is one command to the VM's host, which needs to know nothing but the VM. */
export const hostCommand =
  (contract: RequestContract<z.ZodType<OnAVm, OnAVm>>): PerformStep =>
  async ({ target, on, requests }) => {
    await requests.call(contract, target, on);
    return 'done';
  };
