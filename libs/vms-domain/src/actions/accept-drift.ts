import { defineSpecAction } from './define.js';

export const acceptDrift = defineSpecAction({
  kind: 'ACCEPT_VM_DRIFT',
  mutation: 'acceptVmDrift',
  description:
    'Declares what somebody has made of a VM on its host, as drift of the VM shows it, as a new revision of its spec: what its definition became, else what runs. No drift is success.',
  errors: [
    'VM_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'INVALID_INPUT (when it is nothing that a VM may be)',
    'MEMORY_EXCEEDS_HOST',
    'NO_SUITABLE_HOST',
    'QUOTA_EXCEEDED',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'all',
  changes: 'spec',
  // What is, is not touched: it may have become something else again since it was looked at.
  steps: [],
});
