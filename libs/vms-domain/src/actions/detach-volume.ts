import { defineTaskAction } from './define.js';

export const detachVolume = defineTaskAction({
  kind: 'DETACH_VOLUME',
  mutation: 'detachVolume',
  description:
    'Takes a volume away from a VM. A running guest is asked to let go of it: one that does not in time ends the operation FAILED with DEADLINE_EXCEEDED, and the volume stays attached. Unmount it in the guest before. One change of volumes at a time.',
  errors: ['VM_NOT_FOUND', 'VOLUME_NOT_FOUND', 'VM_BUSY', 'VOLUME_BUSY', 'VOLUME_NOT_ATTACHED', 'INVALID_INPUT'],
  permission: 'operate',
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'none',
  ofVolume: true,
  task: {
    step: 'detach-volume',
    onOff: true,
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
