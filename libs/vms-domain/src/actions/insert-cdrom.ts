import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { defineSpecAction } from './define.js';

export const insertCdrom = defineSpecAction({
  kind: 'INSERT_VM_CDROM',
  mutation: 'insertVmCdrom',
  description:
    'Puts an ISO into the CD drive of a VM, read-only and in the place of what was in it, as a new revision of its spec. A guest that runs or stands still has it at once where it was started with a drive; one that was not has drive and medium from its next start on: see pendingRestart.',
  errors: [
    'VM_NOT_FOUND',
    'IMAGE_NOT_FOUND',
    'IMAGE_NOT_AN_ISO',
    'IMAGE_BUSY',
    'IMAGE_NOT_ON_HOST',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'INVALID_INPUT',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'PAUSED'],
  supersedes: 'all',
  ofCdrom: true,
  changes: 'spec',
  steps: SPEC_STEPS,
});
