import { defineWishAction } from './define.js';
import { running } from './start.js';

export const resume = defineWishAction({
  kind: 'RESUME_VM',
  mutation: 'resumeVm',
  description: 'Lets a VM run on that stands still, whoever or whatever stopped it.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY'],
  permission: 'operate',
  allowedIn: ['RUNNING', 'PAUSED'],
  supersedes: 'all',
  wish: running,
  steps: ['resume'],
  shows: null,
});
