import type { Vm as VmRow } from '../generated/prisma/client.js';
import { sizesOf } from './vm-spec.js';
import type { VmUpdate } from './vm.repository.js';

const MIB = 1_048_576;

/** What the memory of a guest takes up at most when it is kept. */
export const memoryBytesOf = (vm: VmRow): bigint => BigInt(sizesOf(vm).maxMemoryMib) * BigInt(MIB);

/** What a step has done about the memory of a guest that is off. */
export type SavedMemory = 'kept' | 'discarded';

/** A VM whose memory is kept is meant to be off until somebody starts it; one that shall go, goes. @param vm as it is now */
export const savedColumns = (done: SavedMemory, { desired }: Pick<VmRow, 'desired'>, now: Date): VmUpdate => {
  if (done === 'discarded') return { savedAt: null, savedBytes: null };
  return { savedAt: now, ...(desired === 'DELETED' ? {} : { desired: 'STOPPED' }) };
};

/** What its host has of it is the truth, whoever has kept it or used it up. @param isSaved null: nobody knows */
export const foundColumns = (
  isSaved: boolean | null,
  vm: VmRow,
  now: Date,
): Partial<Pick<VmRow, 'savedAt' | 'savedBytes'>> => {
  if (isSaved === false) return { savedAt: null, savedBytes: null };
  if (isSaved !== true || vm.savedAt !== null) return {};
  return { savedAt: now, savedBytes: vm.savedBytes ?? memoryBytesOf(vm) };
};

/** What was promised to a save that did not come about is given back. */
export const givenBack = ({ savedAt }: Pick<VmRow, 'savedAt'>): VmUpdate =>
  savedAt === null ? { savedBytes: null } : {};
