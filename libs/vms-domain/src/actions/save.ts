import { defineTaskAction } from './define.js';
import { SNAPSHOT_GRACE_MS } from './snapshot-grace.js';

export const save = defineTaskAction({
  kind: 'SAVE_VM',
  mutation: 'saveVm',
  description:
    'Writes the memory of a VM to its host and switches it off; startVm brings it back where it was. It stands still meanwhile, for as long as its memory takes to be written. One that can not be saved runs on, and the operation ends FAILED. While its memory is saved what would not fit it any more is refused with VM_MEMORY_SAVED: other sizes, volumes, cloud-init, snapshots and the way back to one. Whoever wants it off has it so, and what is saved stays; startVm with discardSavedMemory throws it away, and so does deleteVm. Nothing else is done to the VM meanwhile, but deleteVm.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY', 'VOLUME_BUSY', 'PORT_BUSY', 'POOL_FULL', 'QUOTA_EXCEEDED'],
  permission: 'operate',
  allowedIn: ['RUNNING', 'PAUSED'],
  supersedes: 'none',
  isExclusive: true,
  task: {
    step: 'save',
    onOff: true,
    onPaused: true,
    isNotPreparedTwice: true,
    keepsTrying: true,
    graceMs: SNAPSHOT_GRACE_MS,
    overdue: 'The memory of the virtual machine could not be saved in time',
  },
});
