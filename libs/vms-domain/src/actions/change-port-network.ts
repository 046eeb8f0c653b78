import { defineTaskAction } from './define.js';

export const changePortNetwork = defineTaskAction({
  kind: 'CHANGE_VM_PORT_NETWORK',
  mutation: 'changeVmPortNetwork',
  description:
    'Gives a VM a port in another network of its department in the place of one that it has: the new one is plugged in, and then the guest is asked to let go of the old one. Id, MAC address and address are others, and the cable is in or out as it was. A guest that keeps the old card ends the operation FAILED with DEADLINE_EXCEEDED, and the new one goes again. One change of ports at a time.',
  errors: [
    'VM_NOT_FOUND',
    'PORT_NOT_FOUND',
    'NETWORK_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'SNAPSHOT_HOLDS_MEMORY',
    'PORT_EXISTS',
    'PORT_BUSY',
    'INVALID_INPUT',
    'SERVICE_UNAVAILABLE (while networks, which knows the ports, does not answer)',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'none',
  changesPorts: true,
  task: {
    step: 'change-port',
    onOff: true,
    overdue: 'The guest did not let go of the old card in time; the port is as it was',
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
