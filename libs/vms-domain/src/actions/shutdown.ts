import { act, isOff, settledUnlessBlocked, wait } from '../planning.js';
import { defineWish, defineWishAction } from './define.js';

/** (resume ->) shutdown -> wait -> settled. */
const stopped = defineWish({
  desired: 'STOPPED',
  settles: 'STOPPED',
  steps: ['shutdown'],
  detours: ['resume'],
  plan: (observed) => {
    const { power, completed } = observed;
    if (isOff(power)) return settledUnlessBlocked(observed);
    if (power === 'shutting-down' || completed.has('shutdown')) return wait('shutting-down');
    // A guest that stands still can't hear its power button.
    if (power === 'paused') return completed.has('resume') ? wait('paused') : act('resume');
    return act('shutdown');
  },
});

export const shutdown = defineWishAction({
  kind: 'SHUTDOWN_VM',
  mutation: 'shutdownVm',
  description: 'Asks the guest to power off.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY'],
  permission: 'operate',
  // In ERROR too: a guest may run although its disk has been taken away, and must be switched off properly.
  allowedIn: ['RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED'],
  supersedes: 'all',
  wish: stopped,
  shows: 'STOPPING',
});
