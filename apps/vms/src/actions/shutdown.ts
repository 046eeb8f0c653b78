import { shutdownVm } from '@infinibay/contracts';
import { hostCommand } from './host-command.js';

export const shutdown = { shutdown: hostCommand(shutdownVm) };
