import { suspendVm } from '@infinibay/contracts';
import { hostCommand, unlessBusy } from './host-command.js';

export const suspend = { suspend: unlessBusy(hostCommand(suspendVm)) };
