import { SPEC_STEPS } from '../spec/domain-comparison.js';
import { defineSpecAction } from './define.js';

export const ejectCdrom = defineSpecAction({
  kind: 'EJECT_VM_CDROM',
  mutation: 'ejectVmCdrom',
  description:
    'Takes out what is in the CD drive of a VM, as a new revision of its spec; an empty drive gets none. The drive stays. A guest that has locked the tray fails the operation with CDROM_LOCKED: it is empty from the next start on then.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'VM_MEMORY_SAVED', 'INVALID_INPUT'],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'PAUSED'],
  supersedes: 'all',
  ofCdrom: true,
  changes: 'spec',
  steps: SPEC_STEPS,
});
