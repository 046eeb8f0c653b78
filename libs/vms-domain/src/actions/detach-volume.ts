import { defineTaskAction } from './define.js';

export const detachVolume = defineTaskAction({
  kind: 'DETACH_VOLUME',
  mutation: 'detachVolume',
  description:
    'Takes a volume away from a VM. A running guest is asked to let go of it: one that does not in time ends the operation FAILED with DEADLINE_EXCEEDED, and the volume stays attached. Unmount it in the guest before. A VM in ERROR that is off gives it back at once, and stays as it is. One that is part of a snapshot of the VM stays. One change of volumes at a time; one whose attachment has not come about yet is taken back.',
  errors: [
    'VM_NOT_FOUND',
    'VOLUME_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'VOLUME_BUSY',
    'VOLUME_NOT_ATTACHED',
    'VOLUME_IN_SNAPSHOT',
    'INVALID_INPUT',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED', 'ERROR'],
  supersedes: 'none',
  takesBack: 'ATTACH_VOLUME',
  ofVolume: true,
  task: {
    step: 'detach-volume',
    onOff: true,
    inError: true,
    overdue: 'The guest did not let go of the volume in time; it is still attached',
  },
  options: {
    timeoutSeconds: {
      type: 'integer',
      min: 1,
      max: 3_600,
      description: 'Seconds that the guest has for it, 1 to 3600; as the service is configured when left out',
    },
  },
});
