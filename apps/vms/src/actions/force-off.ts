import { forceOffVm } from '@infinibay/contracts';
import { hostCommand } from './host-command.js';

export const forceOff = { 'force-off': hostCommand(forceOffVm) };
