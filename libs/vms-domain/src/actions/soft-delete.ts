import { defineWishAction } from './define.js';
import { forcedOff } from './force-off.js';

/** 90 days. */
const LONGEST_SECONDS = 7_776_000;

export const softDelete = defineWishAction({
  kind: 'SOFT_DELETE_VM',
  mutation: 'softDeleteVm',
  description:
    'Switches a VM off, as forceOffVm does, and deletes it when purgeAfterSeconds are over; Vm.scheduledDeletion tells when. Until then undeleteVm takes it back with all that it has, deleteVm does not wait any longer, and what the last softDeleteVm says holds, also of volumes; forceOffVm is accepted, any other change of it but that of its firewall rules is refused with DELETION_SCHEDULED. It keeps its name, address and filter, and counts to the quota of its department.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'DELETION_PROTECTED', 'INVALID_INPUT'],
  permission: 'delete',
  allowedIn: ['STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED'],
  supersedes: 'all',
  wish: forcedOff,
  shows: 'STOPPING',
  deletion: 'scheduled',
  options: {
    purgeAfterSeconds: {
      type: 'integer',
      min: 1,
      max: LONGEST_SECONDS,
      description: `Seconds until it is deleted, 1 to ${String(LONGEST_SECONDS)} (90 days); as the service is configured when left out`,
    },
    deleteVolumes: {
      type: 'flag',
      description: 'Delete the volumes that are attached to it as well, when it is deleted',
    },
  },
});
