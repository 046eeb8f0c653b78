import { DomainError } from '@infinibay/contracts';
import type { Vm as VmRow } from '../generated/prisma/client.js';

/** What is going to be deleted stays as it is until then. @throws DomainError DELETION_SCHEDULED */
export const refuseWhileScheduled = ({ purgeAt }: Pick<VmRow, 'purgeAt'>): void => {
  if (purgeAt !== null) throw new DomainError('DELETION_SCHEDULED', { purgeAt: purgeAt.toISOString() });
};
