import { defineTaskAction } from './define.js';

export const addPort = defineTaskAction({
  kind: 'ADD_VM_PORT',
  mutation: 'addVmPort',
  description:
    'Gives a VM a port in a further network of its department, of the running guest at once. MAC address and address are chosen by the network, and the firewall rules of the VM hold at the port too. The guest asks for its address by itself: cloud-init does not look again. A VM has one port in a network, and 8 at most. When it cannot be plugged in the operation ends FAILED, and the port is free again. One change of ports at a time.',
  errors: [
    'VM_NOT_FOUND',
    'NETWORK_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'SNAPSHOT_HOLDS_MEMORY',
    'PORT_EXISTS',
    'PORT_LIMIT_REACHED',
    'PORT_BUSY',
    'SERVICE_UNAVAILABLE (while networks, which knows the ports, does not answer)',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'none',
  changesPorts: true,
  task: {
    step: 'attach-port',
    onOff: true,
    overdue: 'The port could not be plugged in in time',
  },
});
