import { defineTaskAction } from './define.js';
import { SNAPSHOT_GRACE_MS } from './snapshot-grace.js';

export const createSnapshot = defineTaskAction({
  kind: 'CREATE_SNAPSHOT',
  mutation: 'createVmSnapshot',
  description:
    'Keeps what a VM is now: its disk, its volumes and, of one that is on, its memory; the guest stands still meanwhile, for as long as its memory takes to be written. Of a VM that is off the disks. The volumes stay attached and keep their size for as long as there is the snapshot. Nothing else is done to the VM meanwhile, but deleteVm.',
  errors: [
    'VM_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'FIRMWARE_STATE_NOT_COPIED',
    'VOLUME_BUSY',
    'PORT_BUSY',
    'NAME_TAKEN',
    'SNAPSHOT_LIMIT_REACHED',
    'SNAPSHOT_SPEC_DIFFERS',
    'POOL_FULL',
    'QUOTA_EXCEEDED',
    'INVALID_INPUT',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'PAUSED'],
  supersedes: 'none',
  isExclusive: true,
  task: {
    step: 'create-snapshot',
    onOff: true,
    onPaused: true,
    keepsPause: true,
    graceMs: SNAPSHOT_GRACE_MS,
    overdue: 'The snapshot could not be taken in time; what there is of it is removed',
  },
});
