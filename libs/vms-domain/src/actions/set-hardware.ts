import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { ACCEPT_UNBOOTABLE } from './accept-unbootable.js';
import { defineSpecAction } from './define.js';

export const setHardware = defineSpecAction({
  kind: 'SET_VM_HARDWARE',
  mutation: 'setVmHardware',
  description:
    'Says what a VM is made of: firmware, machine type, CPU model, TPM and boot order, and which memory and CPUs of its host it has: huge pages, pinning and NUMA nodes; as a new revision of its spec, and what is so already gets none. It holds from its next start on: see pendingRestart of the VM. What is left out stays as it is. A TPM is not taken away again. NUMA nodes, and pins of each vCPU, are of maxVcpus and maxMemoryMib as they are: see resizeVm.',
  errors: [
    'VM_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'FIRMWARE_CHANGE_UNCONFIRMED',
    'MEMORY_EXCEEDS_HOST (of huge pages it was, and is to be no more)',
    'NO_SUITABLE_HOST (its host lacks what it needs; the refusals say what)',
    'UNSUPPORTED_BY_DRIVER (the agent of its host is too old)',
    'INVALID_INPUT (also for what does not go together, or with its sizes)',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'all',
  changes: 'spec',
  // Of its own it needs none: those of another size that had to give way to it.
  steps: SPEC_STEPS,
  options: { acceptUnbootable: ACCEPT_UNBOOTABLE },
});
