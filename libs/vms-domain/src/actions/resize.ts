import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { defineSpecAction } from './define.js';

export const resize = defineSpecAction({
  kind: 'RESIZE_VM',
  mutation: 'resizeVm',
  description:
    'Gives a VM other sizes, as a new revision of its spec; one that has them gets none. What a running guest can take is changed at once, the rest at its next start: see pendingRestart of the VM. Give maxVcpus and maxMemoryMib for room to grow while it runs. NUMA nodes, and pins of each vCPU, are of that room: where it becomes another they are to be said with it, and hold from its next start on.',
  errors: [
    'VM_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'INVALID_INPUT (also below what its image needs, and for NUMA nodes, pins or huge pages that are not of the new room)',
    'MEMORY_EXCEEDS_HOST',
    'NO_SUITABLE_HOST',
    'UNSUPPORTED_BY_DRIVER (the agent of its host does not tell its NUMA nodes and huge pages)',
    'QUOTA_EXCEEDED',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'all',
  changes: 'spec',
  steps: SPEC_STEPS,
});
