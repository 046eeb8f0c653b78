import { defineTaskAction } from './define.js';

export const setCdrom = defineTaskAction({
  kind: 'SET_VM_CDROM',
  mutation: 'setVmCdrom',
  description:
    'Puts an ISO into the CD-ROM drive of a VM, or takes out what is in it. It is an image of format ISO, READY, that the department of the VM may use and that its host has. It stays until another or none takes its place, and a guest that runs has it at once; one that was started without anything in its drive has none, and gets it at its next start: see pendingRestart. A guest that has locked its tray keeps what is in it: the operation ends FAILED with DEADLINE_EXCEEDED, and what was asked for holds from the next start on. Whether it is booted from hardware.bootOrder says. While it is in, the ISO is not deleted and the VM not moved to another host.',
  errors: [
    'VM_NOT_FOUND',
    'IMAGE_NOT_FOUND',
    'IMAGE_NOT_AN_ISO',
    'IMAGE_BUSY',
    'IMAGE_NOT_ON_HOST',
    'VM_BUSY',
    'VM_MEMORY_SAVED',
    'SNAPSHOT_HOLDS_MEMORY',
    'INVALID_INPUT',
  ],
  permission: 'operate',
  refusedWhileSaved: true,
  // Of one in error what keeps it from its start can be taken out.
  allowedIn: ['RUNNING', 'STOPPED', 'ERROR'],
  supersedes: 'none',
  task: {
    step: 'set-cdrom',
    onOff: true,
    inError: true,
    overdue: 'The guest did not open its tray in time; what was asked for is in its drive from its next start on',
  },
  options: {
    timeoutSeconds: {
      type: 'integer',
      min: 1,
      max: 3_600,
      description: 'Seconds that a guest has to open its tray, 1 to 3600; as the service is configured when left out',
    },
  },
});
