import { defineRetryAction } from './define.js';

export const retry = defineRetryAction({
  kind: 'RETRY_VM',
  mutation: 'retryVm',
  description:
    'Tries at once, and once more, what a VM in ERROR shall be: one that shall run is started, one that shall be off is switched off, one whose deletion failed is deleted, and one that could not be made is made from where that stood. What was said with the request that failed (force, timeoutSeconds, start, ...) holds again. The operation ends SUCCEEDED when the VM is so, or FAILED with the reason, which the VM is in ERROR with from then on. See error.isRetryable of the VM; where only another wish ends it, it is refused with the reason.',
  errors: [
    'VM_NOT_FOUND',
    'VM_BUSY',
    'HOST_IN_MAINTENANCE (when it shall run, or a clone is to be made)',
    'DELETION_PROTECTED (when its deletion failed)',
    'SUSPENDED_GUEST_LOST',
    'REVERT_UNFINISHED',
  ],
  permission: 'operate',
  allowedIn: ['ERROR'],
  // Two presses of one button are one attempt.
  supersedes: 'others',
  isRetry: true,
});
