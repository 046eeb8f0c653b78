import {
  BLOCKED,
  PAUSED,
  SETTLED,
  act,
  isBeingStarted,
  isBlocked,
  isPausedForNow,
  wait,
  type Observed,
  type Plan,
} from '../planning.js';
import { defineWish, defineWishAction } from './define.js';

const planPaused = ({ reason, isAsked, completed }: Observed): Plan<'resume'> => {
  if (isBeingStarted(reason)) return wait('starting');
  if (!isAsked && !isPausedForNow(reason)) return PAUSED;
  return completed.has('resume') ? wait('paused') : act('resume');
};

/**
 * attach-network -> ensure-disk -> protect -> define -> start -> settled. Paused: resumed where somebody asked for it or
 * where space may be back, else shown as paused. Before all of that its host gets the image of the disk, if it lacks it:
 * that may take hours, in which nothing is kept for the VM, and what is looked at each time is little.
 */
export const running = defineWish({
  desired: 'RUNNING',
  settles: 'RUNNING',
  steps: ['attach-network', 'ensure-disk', 'protect', 'define', 'start'],
  detours: ['resume', 'bring-image'],
  plan: (observed) => {
    const { power, completed, isBuilt, isImageMissing = false } = observed;
    if (isBlocked(observed)) return BLOCKED;
    if (power === 'running') return SETTLED;
    if (power === 'paused') return planPaused(observed);
    if (power === 'shutting-down') return wait('shutting-down');
    if (power === 'unknown') return wait('starting');
    if (!isBuilt && isImageMissing) return act('bring-image');
    if (!completed.has('attach-network')) return act('attach-network');
    if (!isBuilt) return act('ensure-disk');
    if (!completed.has('protect')) return act('protect');
    if (power === null || !completed.has('define')) return act('define');
    if (!completed.has('start')) return act('start');
    return wait('starting');
  },
});

export const start = defineWishAction({
  kind: 'START_VM',
  mutation: 'startVm',
  description: 'Powers a VM on; one whose memory is saved goes on where it was.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'HOST_IN_MAINTENANCE'],
  permission: 'operate',
  allowedIn: ['STARTING', 'RUNNING', 'STOPPED', 'ERROR', 'PAUSED'],
  supersedes: 'all',
  // Whether one in error runs is not known; an administrator ends the maintenance first.
  powersOnFrom: ['STOPPED', 'ERROR'],
  wish: running,
  shows: 'STARTING',
  options: {
    acceptUnfinishedRevert: {
      type: 'flag',
      description:
        'Start it although it is in ERROR with REVERT_UNFINISHED: what its disks hold may partly be of a snapshot, and partly what they held before',
    },
    discardSavedMemory: {
      type: 'flag',
      description: 'Throw away the memory that saveVm has kept, and boot it: what the guest had not written is lost',
    },
  },
});
