/** Bytes that `readQcow2Header` needs: version 3's fixed header. */
export const QCOW2_HEADER_BYTES = 104;

const MAGIC = 0x51_46_49_fb;
/** Bit 2 of the incompatible features: guest data lies in another file, of any name. */
const EXTERNAL_DATA_FILE = 1n << 2n;
/** Dirty, corrupt, external data, compression type, extended L2: what qemu 7 knows. */
const KNOWN_FEATURES = 0b11111n;

export type Qcow2Header =
  { readonly ok: true; readonly virtualSizeBytes: number } | { readonly ok: false; readonly reason: string };

/**
 * Looks at an image before any program opens it: a backing file or an external data file would let a hostile image read
 * other files of the host (CVE-2024-32498). Layout: docs/interop/qcow2.txt of QEMU.
 */
export const readQcow2Header = (header: Buffer): Qcow2Header => {
  if (header.length < 72 || header.readUInt32BE(0) !== MAGIC) return refused('it is not a qcow2 image');
  const version = header.readUInt32BE(4);
  if (version !== 2 && version !== 3) return refused(`qcow2 version ${version} is not supported`);
  if (header.readBigUInt64BE(8) !== 0n || header.readUInt32BE(16) !== 0) return refused('it has a backing file');
  if (header.readUInt32BE(32) !== 0) return refused('it is encrypted');
  if (header.readUInt32BE(60) !== 0) return refused('it has internal snapshots');
  if (version === 3) {
    if (header.length < QCOW2_HEADER_BYTES) return refused('its header is cut short');
    const features = header.readBigUInt64BE(72);
    if ((features & EXTERNAL_DATA_FILE) !== 0n) return refused('it has an external data file');
    if ((features & ~KNOWN_FEATURES) !== 0n) return refused('it has unknown incompatible features');
  }
  return { ok: true, virtualSizeBytes: Number(header.readBigUInt64BE(24)) };
};

const refused = (reason: string): Qcow2Header => ({ ok: false, reason });
