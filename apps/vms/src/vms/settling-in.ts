import type { Vm as VmRow } from '../generated/prisma/client.js';

/**
 * Whether a transfer left a VM to be made ready where it is, and another definition does that. Memory that is saved has the
 * card of then, whatever the definition names: its guest goes on with that, and keeps it.
 */
export const canSettleIn = ({ toSettleIn, savedAt }: Pick<VmRow, 'toSettleIn' | 'savedAt'>): boolean =>
  toSettleIn && savedAt === null;
