import { SETTLED, act, isOff } from '../planning.js';
import { defineWish, defineWishAction } from './define.js';

/** force-off -> undefine -> remove-disk -> unprotect -> detach-network -> settled. */
const deleted = defineWish({
  desired: 'DELETED',
  settles: 'DELETED',
  steps: ['force-off', 'undefine', 'remove-disk', 'unprotect', 'detach-network'],
  plan: ({ power, completed }) => {
    if (!isOff(power)) return act('force-off');
    if (power !== null) return act('undefine');
    if (!completed.has('remove-disk')) return act('remove-disk');
    // The filter and the port are freed last: nothing may run unprotected, and no address may be given away while in use.
    if (!completed.has('unprotect')) return act('unprotect');
    if (!completed.has('detach-network')) return act('detach-network');
    return SETTLED;
  },
});

export const deleteVm = defineWishAction({
  kind: 'DELETE_VM',
  mutation: 'deleteVm',
  description:
    'Removes a VM with its disk, address and filter, running or not, unless it is protected from deletion. Its volumes stay, attached to nothing, unless deleteVolumes is set.',
  errors: ['VM_NOT_FOUND', 'DELETION_PROTECTED'],
  permission: 'delete',
  allowedIn: ['BUILDING', 'STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'DELETING', 'PAUSED'],
  supersedes: 'all',
  destroys: true,
  wish: deleted,
  shows: 'DELETING',
  options: {
    deleteVolumes: {
      type: 'flag',
      description:
        'Delete the volumes that are attached to it as well, when it is gone. It can not be taken back by a later deleteVm without it',
    },
  },
});
