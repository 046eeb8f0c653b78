import { DomainError, type RequestContract } from '@infinibay/contracts';
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

/**
 * For a step that a guest can only take part in while it is as the worker found it: one that has gone off or is on its
 * way since is looked at again, and what it is then decides.
 */
export const unlessBusy =
  (perform: PerformStep): PerformStep =>
  async (input) => {
    try {
      return await perform(input);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'VM_BUSY') return 'pending';
      throw error;
    }
  };
