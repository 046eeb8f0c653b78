import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { imageId, type ImageManifest } from './manifest.ts';

const CLUSTER_BITS = 16;
const CLUSTER = 1 << CLUSTER_BITS;
const NAME = 'infinibay-empty';
const VERSION = '0.1.0';
const VIRTUAL_SIZE_BYTES = 32 * 1024 * 1024;

/** A valid qcow2 (version 3) disk of zeros: header, refcount table, refcount block and an L1 table without entries. */
export function emptyQcow2(virtualSizeBytes: number): Buffer {
  const image = Buffer.alloc(4 * CLUSTER);
  image.write('QFI\xfb', 0, 'latin1');
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(CLUSTER_BITS, 20);
  image.writeBigUInt64BE(BigInt(virtualSizeBytes), 24);
  // One L1 entry stands for 8,192 clusters.
  image.writeUInt32BE(Math.ceil(virtualSizeBytes / (CLUSTER * (CLUSTER / 8))), 36);
  image.writeBigUInt64BE(BigInt(3 * CLUSTER), 40);
  image.writeBigUInt64BE(BigInt(CLUSTER), 48);
  image.writeUInt32BE(1, 56);
  image.writeUInt32BE(4, 96);
  image.writeUInt32BE(104, 100);
  image.writeBigUInt64BE(BigInt(2 * CLUSTER), CLUSTER);
  for (let cluster = 0; cluster < 4; cluster += 1) image.writeUInt16BE(1, 2 * CLUSTER + 2 * cluster);
  return image;
}

/** For the test driver on a machine where the real image can't be built: something to create VMs from, that boots nothing. */
export function installEmptyImage(imageDir: string): ImageManifest {
  const content = emptyQcow2(VIRTUAL_SIZE_BYTES);
  const manifest: ImageManifest = {
    id: imageId(NAME, VERSION),
    name: NAME,
    version: VERSION,
    format: 'qcow2',
    file: `${NAME}.qcow2`,
    sha256: createHash('sha256').update(content).digest('hex'),
    virtualSizeBytes: VIRTUAL_SIZE_BYTES,
    minMemoryMib: 64,
    osFamily: 'linux',
  };
  mkdirSync(imageDir, { recursive: true });
  writeFileSync(path.join(imageDir, manifest.file), content);
  writeFileSync(path.join(imageDir, `${NAME}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}
