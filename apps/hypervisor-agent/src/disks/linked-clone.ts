import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeIdentity, type DiskIdentity } from './disk-identity.js';
import {
  CLUSTER_BITS,
  CLUSTER_BYTES,
  ENTRY_BYTES,
  EXTENSION,
  HEADER_BYTES,
  QCOW2_MAGIC,
  REFCOUNT_ORDER,
} from './qcow2-format.js';

export interface LinkedClone {
  readonly identity: DiskIdentity;
  readonly capacityBytes: number;
  readonly image: BackingImage;
}

interface BackingImage {
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
}

interface NewDisk {
  /** What the file says of itself. */
  readonly identity: Buffer;
  readonly capacityBytes: number;
  readonly image?: BackingImage;
}

const LONGEST_BACKING_PATH = 1_023;

/** Makes a disk that holds nothing yet and reads from its image. */
export const writeLinkedClone = (path: string, { identity, ...clone }: LinkedClone): Promise<void> =>
  writeDisk(path, { identity: encodeIdentity(identity), ...clone });

/**
 * Makes a disk that holds nothing yet. Written beside and renamed: there is never a file with
 * the disk's name that is not whole or does not say whose it is.
 * No program is started: a thousand of them are as cheap as a thousand small files.
 */
export const writeDisk = async (path: string, disk: NewDisk): Promise<void> => {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    const { header, refcounts, clusters } = layOut(disk);
    await file.truncate(clusters * CLUSTER_BYTES);
    await file.write(header, 0, header.length, 0);
    await file.write(tableEntry(2 * CLUSTER_BYTES), 0, ENTRY_BYTES, CLUSTER_BYTES);
    await file.write(refcounts, 0, refcounts.length, 2 * CLUSTER_BYTES);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  const folder = await open(dirname(path), constants.O_RDONLY);
  await folder.sync().finally(() => folder.close());
};

/** Clusters: the header, the table of refcounts, one block of them, then the first-level table, which is empty. */
const layOut = (disk: NewDisk): { header: Buffer; refcounts: Buffer; clusters: number } => {
  const bytesPerL1Entry = (CLUSTER_BYTES / ENTRY_BYTES) * CLUSTER_BYTES;
  const l1Entries = Math.ceil(disk.capacityBytes / bytesPerL1Entry);
  const clusters = 3 + Math.max(1, Math.ceil((l1Entries * ENTRY_BYTES) / CLUSTER_BYTES));
  const refcounts = Buffer.alloc(clusters * 2);
  for (let cluster = 0; cluster < clusters; cluster += 1) refcounts.writeUInt16BE(1, cluster * 2);
  return { header: headerOf(disk, l1Entries), refcounts, clusters };
};

const headerOf = ({ identity, capacityBytes, image }: NewDisk, l1Entries: number): Buffer => {
  const backing = Buffer.from(image?.path ?? '');
  if (backing.length > LONGEST_BACKING_PATH)
    throw new RangeError('the path of the image is longer than qcow2 can hold');
  const extensions = Buffer.concat([
    ...(image === undefined ? [] : [extension(EXTENSION.backingFormat, Buffer.from(image.format))]),
    extension(EXTENSION.identity, identity),
    extension(EXTENSION.end, Buffer.alloc(0)),
  ]);
  const fixed = Buffer.alloc(HEADER_BYTES);
  fixed.writeUInt32BE(QCOW2_MAGIC, 0);
  fixed.writeUInt32BE(3, 4);
  // Without a backing file there is no place of its name either.
  fixed.writeBigUInt64BE(image === undefined ? 0n : BigInt(HEADER_BYTES + extensions.length), 8);
  fixed.writeUInt32BE(backing.length, 16);
  fixed.writeUInt32BE(CLUSTER_BITS, 20);
  fixed.writeBigUInt64BE(BigInt(capacityBytes), 24);
  fixed.writeUInt32BE(l1Entries, 36);
  fixed.writeBigUInt64BE(BigInt(3 * CLUSTER_BYTES), 40);
  fixed.writeBigUInt64BE(BigInt(CLUSTER_BYTES), 48);
  fixed.writeUInt32BE(1, 56);
  fixed.writeUInt32BE(REFCOUNT_ORDER, 96);
  fixed.writeUInt32BE(HEADER_BYTES, 100);
  return Buffer.concat([fixed, extensions, backing]);
};

/** Padded to a multiple of eight bytes. */
const extension = (type: number, data: Buffer): Buffer => {
  const bytes = Buffer.alloc(8 + Math.ceil(data.length / 8) * 8);
  bytes.writeUInt32BE(type, 0);
  bytes.writeUInt32BE(data.length, 4);
  data.copy(bytes, 8);
  return bytes;
};

const tableEntry = (offset: number): Buffer => {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
};
