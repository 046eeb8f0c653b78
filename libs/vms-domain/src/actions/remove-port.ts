import { defineTaskAction } from './define.js';

export const removePort = defineTaskAction({
  kind: 'REMOVE_VM_PORT',
  mutation: 'removeVmPort',
  description:
    'Takes a port away from a VM, and frees its address. A running guest is asked to let go of the card: one that does not in time ends the operation FAILED with DEADLINE_EXCEEDED, and the port stays. When it is the first one, the port that the VM has had longest becomes the first. The last one stays. One change of ports at a time.',
  errors: [
    'VM_NOT_FOUND',
    'PORT_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'SNAPSHOT_HOLDS_MEMORY',
    'LAST_PORT',
    'PORT_BUSY',
    'INVALID_INPUT',
    'SERVICE_UNAVAILABLE (while networks, which knows the ports, does not answer)',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'ERROR'],
  supersedes: 'none',
  changesPorts: true,
  task: {
    step: 'detach-port',
    onOff: true,
    inError: true,
    overdue: 'The guest did not let go of the card in time; the port stays',
  },
  options: {
    timeoutSeconds: {
      type: 'integer',
      min: 1,
      max: 3_600,
      description: 'Seconds that the guest has for it, 1 to 3600; as the service is configured when left out',
    },
  },
});
