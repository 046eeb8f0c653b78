import { defineTaskAction } from './define.js';

export const reset = defineTaskAction({
  kind: 'RESET_VM',
  mutation: 'resetVm',
  description:
    'Presses the reset button: the guest boots anew at once, and what it had not written is lost. A suspended VM stays suspended, and boots when it is resumed. One reset at a time.',
  errors: ['VM_NOT_FOUND', 'VM_BUSY'],
  permission: 'operate',
  allowedIn: ['RUNNING', 'PAUSED'],
  supersedes: 'others',
  task: {
    step: 'reset',
    // A guest that went off meanwhile boots anew anyway.
    replacedBy: 'start',
    onPaused: true,
    overdue: 'The VM could not be reset in time',
  },
});
