import { resumeVm, startVm } from '@infinibay/contracts';
import { hostCommand, unlessBusy } from './host-command.js';

export const start = { start: hostCommand(startVm), resume: unlessBusy(hostCommand(resumeVm)) };
