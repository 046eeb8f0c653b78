import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import type { ImageManifest } from './image-manifest.js';
import { limitedQemuImg } from './limited-qemu-img.js';
import { QCOW2_HEADER_BYTES, readQcow2Header } from './qcow2-header.js';

const INFO_TIMEOUT_MS = 10_000;
const QemuImageInfo = z.object({
  format: z.string(),
  'virtual-size': z.number(),
  'backing-filename': z.string().optional(),
  'format-specific': z
    .object({ data: z.object({ 'data-file': z.string().optional() }).loose() })
    .loose()
    .optional(),
});

export class ImageRefused extends Error {
  override readonly name = 'ImageRefused';
}

/** Which file it is and whether it was written to, as its file system tells; the content is hashed once for each. */
export const identityOf = async (path: string): Promise<string> => {
  const file = await openImage(path);
  try {
    const stat = await file.stat({ bigint: true });
    if (!stat.isFile()) throw new ImageRefused('it is not a regular file');
    return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(':');
  } finally {
    await file.close();
  }
};

/**
 * @returns whether QEMU's own tool was there to look
 * @throws ImageRefused with the reason when the file isn't exactly what its manifest says, or could reach other files
 */
export const checkImage = async (path: string, manifest: ImageManifest): Promise<boolean> => {
  const file = await openImage(path);
  try {
    await checkHeader(file, manifest);
    await checkDigest(file, manifest);
  } finally {
    await file.close();
  }
  return requireQemuAgrees(path, manifest);
};

/** A link could point at any file of the host, so none is followed. */
export const openImage = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new ImageRefused('it cannot be opened (a link is not followed)', { cause: error });
  }
};

const checkHeader = async (file: FileHandle, manifest: ImageManifest): Promise<void> => {
  const size = manifest.format === 'raw' ? (await file.stat()).size : await qcow2Size(file);
  if (size !== manifest.virtualSizeBytes) {
    throw new ImageRefused(`its virtual size is ${size} bytes, not ${manifest.virtualSizeBytes}`);
  }
};

/** @throws ImageRefused when it isn't an image on its own */
export const qcow2Size = async (file: FileHandle): Promise<number> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(QCOW2_HEADER_BYTES), 0, QCOW2_HEADER_BYTES, 0);
  const header = readQcow2Header(buffer.subarray(0, bytesRead));
  if (!header.ok) throw new ImageRefused(header.reason);
  return header.virtualSizeBytes;
};

const checkDigest = async (file: FileHandle, manifest: ImageManifest): Promise<void> => {
  const hash = createHash('sha256');
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1_048_576 })) {
    hash.update(chunk as Buffer);
  }
  if (hash.digest('hex') !== manifest.sha256) throw new ImageRefused("its SHA-256 is not its manifest's");
};

/**
 * QEMU's own reading must agree. A host without qemu-img runs no guests, so nothing can be misread there.
 * @returns whether it was asked
 * @throws ImageRefused
 */
export const requireQemuAgrees = async (
  path: string,
  { format, virtualSizeBytes }: Pick<ImageManifest, 'format' | 'virtualSizeBytes'>,
): Promise<boolean> => {
  const args = ['info', '--output=json', '-f', format, '-U', path];
  const answer = await limitedQemuImg(args, INFO_TIMEOUT_MS).catch((error: unknown) => {
    throw new ImageRefused('qemu-img cannot read it', { cause: error });
  });
  if (answer === undefined) return false;
  if (answer.code !== 0) throw new ImageRefused('qemu-img cannot read it');
  const info = QemuImageInfo.parse(JSON.parse(answer.output));
  const dataFile = info['format-specific']?.data['data-file'];
  if (info['backing-filename'] !== undefined || dataFile !== undefined)
    throw new ImageRefused('it refers to another file');
  if (info['virtual-size'] !== virtualSizeBytes) throw new ImageRefused('qemu-img reads another virtual size');
  return true;
};
