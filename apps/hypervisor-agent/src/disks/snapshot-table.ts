import type { FileHandle } from 'node:fs/promises';
import { QCOW2_MAGIC } from './qcow2-format.js';

/** A snapshot that a qcow2 file holds. */
export interface HeldSnapshot {
  readonly name: string;
  /** Of the guest's memory that is kept with it; 0: none is. */
  readonly memoryBytes: number;
}

const COUNT_AT = 60;
const OFFSET_AT = 64;
const HEADER_READ = 72;
/** Fixed part of an entry: what follows it is as long as it says. */
const ENTRY_HEAD = 40;
const MAX_SNAPSHOTS = 1_024;
const MAX_BYTES = 1_048_576;

/**
 * The snapshots that are in a qcow2 file, read from the file itself: what libvirt has on record of them may be gone, or be
 * of snapshots that never came about. undefined when it can't be read as such.
 */
export const readSnapshotTable = async (file: FileHandle): Promise<HeldSnapshot[] | undefined> => {
  const header = await readAt(file, 0, HEADER_READ);
  if (header.length < HEADER_READ || header.readUInt32BE(0) !== QCOW2_MAGIC) return undefined;
  const count = header.readUInt32BE(COUNT_AT);
  if (count === 0) return [];
  if (count > MAX_SNAPSHOTS) return undefined;
  return entriesOf(await readAt(file, Number(header.readBigUInt64BE(OFFSET_AT)), MAX_BYTES), count);
};

const entriesOf = (table: Buffer, count: number): HeldSnapshot[] | undefined => {
  const found: HeldSnapshot[] = [];
  for (let at = 0; found.length < count;) {
    if (at + ENTRY_HEAD > table.length) return undefined;
    const idBytes = table.readUInt16BE(at + 12);
    const nameBytes = table.readUInt16BE(at + 14);
    const extraBytes = table.readUInt32BE(at + 36);
    const nameAt = at + ENTRY_HEAD + extraBytes + idBytes;
    if (nameAt + nameBytes > table.length) return undefined;
    // The size of the memory is of 64 bits where the entry has room for it, and of 32 in old ones.
    const memory = extraBytes >= 8 ? Number(table.readBigUInt64BE(at + ENTRY_HEAD)) : table.readUInt32BE(at + 32);
    found.push({ name: table.subarray(nameAt, nameAt + nameBytes).toString('utf8'), memoryBytes: memory });
    at = Math.ceil((nameAt + nameBytes) / 8) * 8;
  }
  return found;
};

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
};
