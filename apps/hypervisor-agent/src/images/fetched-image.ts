import type { ImageUploadFormat } from '@infinibay/contracts';
import { ImageRefused, openImage, qcow2Size, requireQemuAgrees } from './image-check.js';
import { limitedQemuImg } from './limited-qemu-img.js';
import { discRefusal } from './volume-descriptor.js';

const CHECK_TIMEOUT_MS = 600_000;
const SECTOR_BYTES = 512;
/** How `qemu-img check` says that nothing is wrong but space that nobody uses. */
const SOUND_CODES: readonly number[] = [0, 3];

/** What begins so is no plain copy of a disk: who says that it is means something else by it. */
const FOREIGN_BEGINNINGS = [
  ['QFI\xfb', 'qcow2'],
  ['QED\0', 'QED'],
  ['KDMV', 'VMDK'],
  ['COWD', 'VMDK'],
  ['# Disk DescriptorFile', 'VMDK'],
  ['conectix', 'VHD'],
  ['vhdxfile', 'VHDX'],
  ['<<< ', 'VDI'],
] as const;
const LONGEST_BEGINNING = 64;

/**
 * Looks at a file that has come, before it becomes an image: first at its header, and only then by qemu-img.
 * @returns bytes that a guest sees
 * @throws ImageRefused
 */
export const inspectFetched = async (
  path: string,
  format: ImageUploadFormat,
  maxVirtualBytes: number,
  signal: AbortSignal,
): Promise<number> => {
  const virtualSizeBytes = await sizeIn(path, format);
  if (virtualSizeBytes <= 0) throw new ImageRefused('it is empty');
  if (virtualSizeBytes > maxVirtualBytes)
    throw new ImageRefused(`its virtual size is more than ${maxVirtualBytes} bytes`);
  if (virtualSizeBytes % SECTOR_BYTES !== 0)
    throw new ImageRefused(`its virtual size is not a multiple of ${SECTOR_BYTES} bytes`);
  await requireQemuAgrees(path, { format: storedFormat(format), virtualSizeBytes });
  if (format === 'qcow2') await requireWhole(path, signal);
  return virtualSizeBytes;
};

/** What a host calls it: an ISO is the bytes that it is. */
export const storedFormat = (format: ImageUploadFormat): 'qcow2' | 'raw' => (format === 'qcow2' ? 'qcow2' : 'raw');

const sizeIn = async (path: string, format: ImageUploadFormat): Promise<number> => {
  const file = await openImage(path);
  try {
    if (format === 'qcow2') return await qcow2Size(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_BEGINNING), 0, LONGEST_BEGINNING, 0);
    const beginning = buffer.subarray(0, bytesRead).toString('latin1');
    const foreign = FOREIGN_BEGINNINGS.find(([magic]) => beginning.startsWith(magic));
    if (foreign !== undefined) throw new ImageRefused(`it is a ${foreign[1]} image and not a raw one`);
    const { size } = await file.stat();
    const refusal = format === 'iso' ? await discRefusal(file, size) : null;
    if (refusal !== null) throw new ImageRefused(refusal);
    return size;
  } finally {
    await file.close();
  }
};

/** Its tables must be sound: a guest would read other bytes than whoever made it. */
const requireWhole = async (path: string, signal: AbortSignal): Promise<void> => {
  const args = ['check', '-q', '-f', 'qcow2', path];
  const answer = await limitedQemuImg(args, CHECK_TIMEOUT_MS, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new ImageRefused('qemu-img cannot check it within its limits', { cause: error });
  });
  if (answer !== undefined && !SOUND_CODES.includes(answer.code)) throw new ImageRefused('its tables are damaged');
};
