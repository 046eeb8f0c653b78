import { defineWishAction } from './define.js';
import { forcedOff } from './force-off.js';

export const undelete = defineWishAction({
  kind: 'UNDELETE_VM',
  mutation: 'undeleteVm',
  description:
    'Takes back that a VM is going to be deleted (softDeleteVm), at once. It has all that it had, and is off until somebody starts it, or its host is booted if it has autostart. Who may delete it may do so.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'DELETION_NOT_SCHEDULED'],
  permission: 'delete',
  allowedIn: ['STOPPING', 'STOPPED', 'ERROR'],
  supersedes: 'all',
  wish: forcedOff,
  shows: null,
  deletion: 'taken-back',
});
