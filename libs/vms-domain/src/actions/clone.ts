import { defineTaskAction } from './define.js';

/** A large disk is copied for hours. */
export const CLONE_GRACE_MS = 14_400_000;

export const clone = defineTaskAction({
  kind: 'CLONE_VM',
  mutation: 'cloneVm',
  description:
    'Makes a VM of one that is off: of what its disk holds now, or held at one of its snapshots. The new VM belongs to the caller, is in the same department, on the same host and networks, has the same size, description, tags and what cloud-init finds (but its host name), a disk of its own, which later changes of neither touch, and cards, addresses and an instance of cloud-init of its own. It has no memory of a snapshot, none of its snapshots, and none of its volumes. It is STOPPED when it is made, and without autostart. Until its disk is copied nothing else is accepted for the VM that is cloned but deleteVm, which waits for a copy that has begun. A clone that can not be made shows ERROR; startVm tries again, deleteVm takes it back.',
  errors: [
    'VM_NOT_FOUND',
    'SNAPSHOT_NOT_FOUND',
    'SNAPSHOT_BUSY',
    'PORT_BUSY',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'FIRMWARE_STATE_NOT_COPIED',
    'NAME_TAKEN',
    'MEMORY_EXCEEDS_HOST',
    'NO_SUITABLE_HOST',
    'POOL_FULL',
    'QUOTA_EXCEEDED',
    'INVALID_INPUT',
    'IDEMPOTENCY_KEY_REUSED',
  ],
  permission: 'create',
  // What QEMU writes to is not read beside it: its tables move meanwhile.
  allowedIn: ['STOPPED'],
  supersedes: 'none',
  makesVm: true,
  // Its guest still has in memory what its disk lacks.
  refusedWhileSaved: true,
  isExclusive: true,
  // By a retry alone, as startVm of one that could not be made.
  powersOnFrom: ['ERROR'],
  before: { desired: 'STOPPED', shows: 'BUILDING' },
  task: {
    step: 'clone-disk',
    onOff: true,
    isNotPreparedTwice: true,
    keepsTrying: true,
    graceMs: CLONE_GRACE_MS,
    overdue: 'The disk could not be copied in time',
  },
  options: {
    start: { type: 'flag', description: 'Start it when it is made' },
  },
});
