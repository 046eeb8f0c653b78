import { act, isOff, settledUnlessBlocked } from '../planning.js';
import { defineWish, defineWishAction } from './define.js';

/** force-off -> settled. */
export const forcedOff = defineWish({
  desired: 'FORCED_OFF',
  settles: 'STOPPED',
  steps: ['force-off'],
  plan: (observed) => (isOff(observed.power) ? settledUnlessBlocked(observed) : act('force-off')),
});

export const forceOff = defineWishAction({
  kind: 'FORCE_OFF_VM',
  mutation: 'forceOffVm',
  description: 'Cuts the power; what the guest had not written is lost.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY'],
  permission: 'operate',
  allowedIn: ['STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'ERROR', 'PAUSED'],
  supersedes: 'all',
  wish: forcedOff,
  shows: 'STOPPING',
  cutsPower: true,
});
