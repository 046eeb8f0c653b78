import { BLOCKED, LOST, SETTLED, act, isBlocked, isOff, wait } from '../planning.js';
import { defineWish, defineWishAction } from './define.js';

/**
 * suspend -> settled. Whoever lets it run on beside us does so until it is suspended again. One that went off is not
 * booted: nobody wants it to run, and what was suspended is gone.
 */
const suspended = defineWish({
  desired: 'PAUSED',
  settles: 'PAUSED',
  steps: ['suspend'],
  plan: (observed) => {
    const { power } = observed;
    if (isOff(power)) return LOST;
    if (power === 'shutting-down') return wait('shutting-down');
    if (power === 'unknown') return wait('starting');
    if (power !== 'paused') return act('suspend');
    return isBlocked(observed) ? BLOCKED : SETTLED;
  },
});

export const suspend = defineWishAction({
  kind: 'SUSPEND_VM',
  mutation: 'suspendVm',
  description:
    'Stops the processors of a VM; its memory is kept. It stays so until somebody resumes, starts or switches it off. One that cannot be suspended runs on, and the operation ends FAILED. Should its emulator end meanwhile, the VM shows ERROR with SUSPENDED_GUEST_LOST.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY'],
  permission: 'operate',
  // One that stands still for another reason is not let run on when that is over.
  allowedIn: ['RUNNING', 'PAUSED'],
  supersedes: 'all',
  wish: suspended,
  shows: null,
});
