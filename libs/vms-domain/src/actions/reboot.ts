import { defineTaskAction } from './define.js';

export const reboot = defineTaskAction({
  kind: 'REBOOT_VM',
  mutation: 'rebootVm',
  description:
    'Asks the guest to restart. The operation ends SUCCEEDED when it has restarted; a guest that does not in time ends it FAILED with DEADLINE_EXCEEDED and runs on. One restart at a time.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY'],
  permission: 'operate',
  allowedIn: ['RUNNING'],
  // Two presses of one button: the second would hit a guest that is only just coming up.
  supersedes: 'others',
  task: {
    step: 'reboot',
    // A guest that went off instead is started again.
    replacedBy: 'start',
    overdue: 'The guest did not restart in time; it is still running',
  },
});
