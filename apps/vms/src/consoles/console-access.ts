import { can, type Verb } from '@infinibay/access-domain';
import type { Actor, ConsoleAccess } from '@infinibay/contracts';
import type { Vm, VmState } from '../generated/prisma/client.js';

const VERBS: Readonly<Record<ConsoleAccess, Verb>> = { VIEW: 'read', CONTROL: 'operate' };

/** Whether somebody may have the console of a VM. */
export const mayHaveConsole = (
  actor: Actor,
  access: ConsoleAccess,
  { departmentId }: Pick<Vm, 'departmentId'>,
): boolean => can(actor, VERBS[access], { kind: 'vm', departmentId });

/** Whether there is a screen to look at. */
export const hasScreen = (state: VmState): boolean => state === 'RUNNING' || state === 'PAUSED';

/** What the audit calls it: to look is another thing than to type. */
export const auditVerb = (mutation: string, access: ConsoleAccess): string => `${mutation}:${access}`;
