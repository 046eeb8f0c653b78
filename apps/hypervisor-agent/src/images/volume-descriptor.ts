import type { FileHandle } from 'node:fs/promises';

const SECTOR_BYTES = 2_048;
/** The first sixteen sectors are the system's own. */
const FIRST_DESCRIPTOR = 16;
/** The volume structures of ISO 9660 and of UDF (ECMA-119, ECMA-167) begin with a type and one of these. */
const STANDARDS: readonly string[] = ['CD001', 'BEA01'];

/** @param size of the file, in bytes @returns why it is no image of a disc; null: it is one */
export const discRefusal = async (file: FileHandle, size: number): Promise<string | null> => {
  if (size % SECTOR_BYTES !== 0) return `its size is not a multiple of ${SECTOR_BYTES} bytes`;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, FIRST_DESCRIPTOR * SECTOR_BYTES);
  const standard = buffer.subarray(1, bytesRead).toString('latin1');
  return STANDARDS.includes(standard) ? null : 'it has no volume descriptor of a disc';
};
