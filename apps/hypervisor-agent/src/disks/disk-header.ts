import type { FileHandle } from 'node:fs/promises';
import { decodeIdentity, decodeVolumeIdentity, type DiskIdentity } from './disk-identity.js';
import { ENTRY_BYTES, EXTENSION, HEADER_BYTES, INCOMPATIBLE, QCOW2_MAGIC } from './qcow2-format.js';

export interface DiskHeader {
  readonly identity: DiskIdentity | undefined;
  /** Set in the file of a volume, which has no image. */
  readonly volumeId: string | undefined;
  readonly capacityBytes: number;
  readonly clusterBytes: number;
  readonly backingFile: string | undefined;
  readonly l1Offset: number;
  readonly l1Entries: number;
  readonly refcountOffset: number;
  readonly hasDataFile: boolean;
  readonly isMarkedCorrupt: boolean;
}

/** Header, extensions and the image's path are in the first cluster; QEMU writes them close together. */
const READ_BYTES = 8_192;
const MAX_L1_ENTRIES = 4_194_304;
/** 64 MiB of second-level tables: they map 512 GiB. Of what lies beyond only the tables' places are looked at. */
const MAX_L2_TABLES = 1_024;

/** undefined when it isn't a qcow2 image that we can read. */
export const readDiskHeader = async (file: FileHandle): Promise<DiskHeader | undefined> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, 0);
  return parseDiskHeader(buffer.subarray(0, bytesRead));
};

export const parseDiskHeader = (bytes: Buffer): DiskHeader | undefined => {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== QCOW2_MAGIC || bytes.readUInt32BE(4) !== 3)
    return undefined;
  const clusterBits = bytes.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) return undefined;
  const features = bytes.readBigUInt64BE(72);
  const nameAt = Number(bytes.readBigUInt64BE(8));
  const nameBytes = bytes.readUInt32BE(16);
  const identity = identityIn(bytes);
  return {
    identity: identity && decodeIdentity(identity),
    volumeId: identity && decodeVolumeIdentity(identity)?.volumeId,
    capacityBytes: Number(bytes.readBigUInt64BE(24)),
    clusterBytes: 2 ** clusterBits,
    backingFile: nameAt === 0 ? undefined : bytes.subarray(nameAt, nameAt + nameBytes).toString('utf8'),
    l1Entries: bytes.readUInt32BE(36),
    l1Offset: Number(bytes.readBigUInt64BE(40)),
    refcountOffset: Number(bytes.readBigUInt64BE(48)),
    hasDataFile: (features & INCOMPATIBLE.dataFile) !== 0n,
    isMarkedCorrupt: (features & INCOMPATIBLE.corrupt) !== 0n,
  };
};

const identityIn = (bytes: Buffer): Buffer | undefined => {
  for (let at = bytes.readUInt32BE(100); at + 8 <= bytes.length;) {
    const type = bytes.readUInt32BE(at);
    const length = bytes.readUInt32BE(at + 4);
    if (type === EXTENSION.end) return undefined;
    if (type === EXTENSION.identity) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
};

/**
 * Whether the file is long enough for all that its tables refer to: QEMU reads zeros beyond the end and says nothing.
 * Data is in the file before a table refers to it, so that a disk whose QEMU was killed passes.
 * @param tables whether to follow the tables too: of a disk in use they are being written
 */
export const isWhole = async (
  file: FileHandle,
  header: DiskHeader,
  fileBytes: number,
  tables: boolean,
): Promise<boolean> => {
  if (header.l1Entries > MAX_L1_ENTRIES) return false;
  const l1Bytes = header.l1Entries * ENTRY_BYTES;
  if (header.refcountOffset >= fileBytes || header.l1Offset + l1Bytes > fileBytes) return false;
  if (!tables) return true;
  const l2Offsets = references(await readAt(file, header.l1Offset, l1Bytes)).map(({ offset }) => offset);
  if (l2Offsets.some((offset) => offset + header.clusterBytes > fileBytes)) return false;
  for (const offset of l2Offsets.slice(0, MAX_L2_TABLES)) {
    const data = references(await readAt(file, offset, header.clusterBytes));
    if (data.some(({ offset: at, holdsData }) => holdsData && at >= fileBytes)) return false;
  }
  return true;
};

/** Bits 9 to 55 of an entry are where it points to; bit 62 tells compressed data, bit 0 zeros that need not be in the file. */
const references = (table: Buffer): { offset: number; holdsData: boolean }[] => {
  const found: { offset: number; holdsData: boolean }[] = [];
  for (let at = 0; at + ENTRY_BYTES <= table.length; at += ENTRY_BYTES) {
    const high = table.readUInt32BE(at);
    const low = table.readUInt32BE(at + 4);
    const offset = (high & 0x00_ff_ff_ff) * 2 ** 32 + (low - (low % 512));
    if (offset !== 0) found.push({ offset, holdsData: (high & 0x40_00_00_00) === 0 && (low & 1) === 0 });
  }
  return found;
};

const readAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
};
