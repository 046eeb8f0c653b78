import { defineTaskAction } from './define.js';
import { SNAPSHOT_GRACE_MS } from './snapshot-grace.js';

export const revertToSnapshot = defineTaskAction({
  kind: 'REVERT_TO_SNAPSHOT',
  mutation: 'revertVmToSnapshot',
  description:
    "Brings a VM back to a snapshot. Its power is cut first, and what its disk and the snapshot's volumes hold since is lost; other volumes stay as they are. With memory the guest then runs on from where it was, otherwise the VM is off. One that fails leaves the VM off; when it had begun the VM shows ERROR with REVERT_UNFINISHED, at its next start at the latest, and starts again only after a revert that succeeded, or with acceptUnfinishedRevert. Memory fits only the size and the volumes that the VM had: with disksOnly it is left out. Nothing else is done to the VM meanwhile, but deleteVm.",
  errors: [
    'VM_NOT_FOUND',
    'SNAPSHOT_NOT_FOUND',
    'SNAPSHOT_BUSY',
    'SNAPSHOT_SPEC_DIFFERS',
    'SNAPSHOT_DISKS_DIFFER',
    'VOLUME_BUSY',
    'PORT_BUSY',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'FIRMWARE_STATE_NOT_COPIED',
    'HOST_IN_MAINTENANCE',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'PAUSED', 'ERROR'],
  supersedes: 'none',
  isExclusive: true,
  before: { desired: 'FORCED_OFF', shows: 'STOPPING' },
  task: {
    step: 'revert-to-snapshot',
    onOff: true,
    isNotPreparedTwice: true,
    graceMs: SNAPSHOT_GRACE_MS,
    overdue: 'The VM could not be reverted in time',
  },
  options: {
    disksOnly: {
      type: 'flag',
      description: 'Leave the memory of the snapshot out: the VM is off afterwards, as after a power failure',
    },
  },
});
