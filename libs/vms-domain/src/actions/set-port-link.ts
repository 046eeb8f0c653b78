import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { defineSpecAction } from './define.js';

export const setPortLink = defineSpecAction({
  kind: 'SET_VM_PORT_LINK',
  mutation: 'setVmPortLink',
  description:
    'Plugs the cable of a port of a VM in, or pulls it out, as a new revision of its spec; what is so already gets none. A guest that runs or stands still has it at once, one that is off from its next start on. Sizes that somebody changed on its host stay as they are.',
  errors: [
    'VM_NOT_FOUND',
    'PORT_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'INVALID_INPUT',
    'SERVICE_UNAVAILABLE (while networks, which knows the ports, does not answer)',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'PAUSED'],
  supersedes: 'all',
  ofPort: true,
  changes: 'spec',
  steps: SPEC_STEPS,
});
