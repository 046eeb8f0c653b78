import type { Vm as VmRow } from '../generated/prisma/client.js';
import type { VmUpdate } from './vm.repository.js';

/** What a step has done about the memory of a guest that is off. */
export type SavedMemory = 'kept' | 'discarded';

/** A VM whose memory is kept is meant to be off until somebody starts it; one that shall go, goes. @param vm as it is now */
export const savedColumns = (done: SavedMemory, { desired }: Pick<VmRow, 'desired'>, now: Date): VmUpdate => {
  if (done === 'discarded') return { savedAt: null, savedBytes: null };
  return { savedAt: now, ...(desired === 'DELETED' ? {} : { desired: 'STOPPED' }) };
};

/** What was promised to a save that did not come about is given back. */
export const givenBack = ({ savedAt }: Pick<VmRow, 'savedAt'>): VmUpdate =>
  savedAt === null ? { savedBytes: null } : {};
