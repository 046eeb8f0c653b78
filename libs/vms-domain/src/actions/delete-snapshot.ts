import { defineTaskAction } from './define.js';
import { SNAPSHOT_GRACE_MS } from './snapshot-grace.js';

export const deleteSnapshot = defineTaskAction({
  kind: 'DELETE_SNAPSHOT',
  mutation: 'deleteVmSnapshot',
  description:
    'Removes a snapshot from the disks of a VM, running or not; the VM stays as it is. Those that were taken on top of it stay, and are then on top of what it was on. One whose deletion fails stays in DELETING, can not be reverted to, and is tried again, of a VM in ERROR when it is asked for again. Nothing else is done to the VM meanwhile, but deleteVm.',
  errors: ['VM_NOT_FOUND', 'SNAPSHOT_NOT_FOUND', 'VM_BUSY (also while it runs under UEFI)'],
  permission: 'operate',
  allowedIn: ['RUNNING', 'STOPPED', 'PAUSED', 'ERROR'],
  supersedes: 'none',
  isExclusive: true,
  task: {
    step: 'delete-snapshot',
    onOff: true,
    onPaused: true,
    keepsPause: true,
    inError: true,
    graceMs: SNAPSHOT_GRACE_MS,
    overdue: 'The snapshot could not be deleted in time; it is tried again',
  },
});
