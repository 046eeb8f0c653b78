import { defineTaskAction } from './define.js';

export const attachVolume = defineTaskAction({
  kind: 'ATTACH_VOLUME',
  mutation: 'attachVolume',
  description:
    'Makes a volume a disk of a VM on the same host, of the running guest at once. It takes the first name of vdb to vdz that is free, and stays until detachVolume; the guest finds it by its serial. When it cannot be attached the operation ends FAILED, and the volume is free again. One change of volumes at a time.',
  errors: [
    'VM_NOT_FOUND',
    'VOLUME_NOT_FOUND',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'VOLUME_BUSY',
    'VOLUME_IN_USE',
    'VOLUME_ON_OTHER_HOST',
    'VOLUME_LIMIT_REACHED',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  allowedIn: ['RUNNING', 'STOPPED'],
  supersedes: 'none',
  ofVolume: true,
  task: {
    step: 'attach-volume',
    onOff: true,
    overdue: 'The volume could not be attached in time',
  },
});
