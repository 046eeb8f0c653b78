import { createHash } from 'node:crypto';

/** Stands beside an image in the image folder as `<name>.json`; the hypervisor agent offers what it finds there. */
export interface ImageManifest {
  /** UUID version 5 of name and version: the same on every host. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly format: 'qcow2';
  /** Relative to the manifest's folder. */
  readonly file: string;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  readonly virtualSizeBytes: number;
  readonly minMemoryMib: number;
  readonly osFamily: 'linux';
}

/** Namespace of our image ids: a random UUID, fixed for ever. */
const IMAGE_NAMESPACE = '0f6e8a52-3c1b-4d6e-9a57-2b8f5d1c7e43';

/** RFC 9562 UUID version 5 (SHA-1 of a namespace and a name). */
export function uuidV5(namespace: string, name: string): string {
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function imageId(name: string, version: string): string {
  return uuidV5(IMAGE_NAMESPACE, `${name}@${version}`);
}
