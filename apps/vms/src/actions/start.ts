import { resumeVm, startVm } from '@infinibay/contracts';
import { hostCommand } from './host-command.js';

export const start = { start: hostCommand(startVm), resume: hostCommand(resumeVm) };
