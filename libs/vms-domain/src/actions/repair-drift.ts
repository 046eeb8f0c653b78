import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { defineSpecAction } from './define.js';

export const repairDrift = defineSpecAction({
  kind: 'REPAIR_VM_DRIFT',
  mutation: 'repairVmDrift',
  description:
    'Makes a VM again what its spec says, where somebody has changed it on its host. What a running guest can not take is pendingRestart of the VM. Nothing to repair is success.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'VM_MEMORY_SAVED'],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'all',
  changes: 'spec',
  steps: SPEC_STEPS,
});
