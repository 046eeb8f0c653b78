import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { ACCEPT_UNBOOTABLE } from './accept-unbootable.js';
import { defineSpecAction } from './define.js';

export const restoreRevision = defineSpecAction({
  kind: 'RESTORE_VM_REVISION',
  mutation: 'restoreVmRevision',
  description:
    'Makes a VM again what an earlier revision of its spec says, as a new revision; what is so already gets none. As with resizeVm, a running guest may need a restart for it.',
  errors: [
    'VM_NOT_FOUND',
    'REVISION_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'INVALID_INPUT (also below what its image needs, and of a time before it had a TPM)',
    'MEMORY_EXCEEDS_HOST',
    'NO_SUITABLE_HOST',
    'QUOTA_EXCEEDED',
    'FIRMWARE_CHANGE_UNCONFIRMED',
    'UNSUPPORTED_BY_DRIVER (the agent of its host is too old for the hardware of then)',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'all',
  changes: 'spec',
  steps: SPEC_STEPS,
  options: { acceptUnbootable: ACCEPT_UNBOOTABLE },
});
