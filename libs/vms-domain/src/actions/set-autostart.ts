import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { defineSpecAction } from './define.js';

export const setAutostart = defineSpecAction({
  kind: 'SET_VM_AUTOSTART',
  mutation: 'setVmAutostart',
  description:
    'Says whether a VM is started whenever its host has been booted, also when it was off, as a new revision of its spec; what is so already gets none. A VM that ran when its host went down is started again in any case.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'INVALID_INPUT'],
  permission: 'operate',
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'all',
  changes: 'spec',
  // Of its own it needs none: those of another size that had to give way to it.
  steps: SPEC_STEPS,
});
