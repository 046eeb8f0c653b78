import { defineTaskAction } from './define.js';

/**
 * To another department. That a VM is given to another member of its own is no action: no host, network or filter knows
 * of owners.
 */
export const transfer = defineTaskAction({
  kind: 'TRANSFER_VM',
  mutation: 'transferVm',
  description:
    'Gives a VM that is off to another department, with its disk, its volumes and its snapshots. Its card is in a network of that department from then on, and its firewall rules are those of that department.',
  errors: [
    'VM_NOT_FOUND',
    'DEPARTMENT_NOT_FOUND',
    'NETWORK_NOT_FOUND',
    'NETWORK_REQUIRED',
    'USER_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'VOLUME_BUSY',
    'PORT_BUSY',
    'SNAPSHOT_BUSY',
    'SNAPSHOT_HOLDS_MEMORY',
    'NAME_TAKEN',
    'QUOTA_EXCEEDED',
  ],
  // To the one department it is as if it were deleted. Whether the actor may make VMs in the other is asked for beside it.
  permission: 'delete',
  allowedIn: ['STOPPED'],
  supersedes: 'none',
  isExclusive: true,
  // What is saved runs on with the card that it has.
  refusedWhileSaved: true,
  hasOwnMutation: true,
  task: {
    step: 'transfer',
    leaves: ['settle-in'],
    onOff: true,
    overdue: 'The virtual machine could not be given to the other department in time',
  },
});
