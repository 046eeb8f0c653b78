import { act, isOff, settledUnlessBlocked, wait } from '../planning.js';
import { defineWish, defineWishAction } from './define.js';

/** (resume ->) shutdown -> wait (-> force-off) -> settled. */
const stopped = defineWish({
  desired: 'STOPPED',
  settles: 'STOPPED',
  steps: ['shutdown'],
  detours: ['resume', 'force-off'],
  plan: (observed) => {
    const { power, completed } = observed;
    if (isOff(power)) return settledUnlessBlocked(observed);
    // Whatever it is doing: a guest that stands still, and one whose emulator takes no request, have had their time too.
    if (observed.isForceDue) return act('force-off');
    if (power === 'shutting-down' || completed.has('shutdown')) return wait('shutting-down');
    // A guest that stands still can't hear its power button.
    if (power === 'paused') return completed.has('resume') ? wait('paused') : act('resume');
    return act('shutdown');
  },
});

export const shutdown = defineWishAction({
  kind: 'SHUTDOWN_VM',
  mutation: 'shutdownVm',
  description:
    'Asks the guest to power off. One that does not in time runs on, and the operation ends FAILED with DEADLINE_EXCEEDED; with force its power is cut then.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'INVALID_INPUT'],
  permission: 'operate',
  // In ERROR too: a guest may run although its disk has been taken away, and must be switched off properly.
  allowedIn: ['RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED'],
  supersedes: 'all',
  wish: stopped,
  shows: 'STOPPING',
  options: {
    timeoutSeconds: {
      type: 'integer',
      min: 1,
      max: 3_600,
      description: 'Seconds that the guest has for it, 1 to 3600; as the service is configured when left out',
    },
    force: {
      type: 'flag',
      description: 'Cut the power when the guest is not off in time; what it had not written is lost',
      adds: 'force-off',
    },
  },
});
