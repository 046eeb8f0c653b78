import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QCOW2_HEADER_BYTES, readQcow2Header } from './qcow2-header.js';

/** A version 3 header as qemu-img writes it. */
const header = (change: (bytes: Buffer) => void = () => undefined): Buffer => {
  const bytes = Buffer.alloc(QCOW2_HEADER_BYTES);
  bytes.write('QFI\xfb', 0, 'latin1');
  bytes.writeUInt32BE(3, 4);
  bytes.writeUInt32BE(16, 20);
  bytes.writeBigUInt64BE(1_073_741_824n, 24);
  bytes.writeUInt32BE(104, 100);
  change(bytes);
  return bytes;
};

describe('readQcow2Header', () => {
  it('reads the virtual size of an image on its own', () => {
    expect(readQcow2Header(header())).toEqual({ ok: true, virtualSizeBytes: 1_073_741_824 });
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['a backing file', (bytes) => bytes.writeBigUInt64BE(512n, 8)],
    ['a backing file name without a place', (bytes) => bytes.writeUInt32BE(4, 16)],
    ['an external data file', (bytes) => bytes.writeBigUInt64BE(4n, 72)],
    ['a feature of the future', (bytes) => bytes.writeBigUInt64BE(1n << 40n, 72)],
    ['encryption', (bytes) => bytes.writeUInt32BE(2, 32)],
    ['snapshots', (bytes) => bytes.writeUInt32BE(1, 60)],
    ['another magic (VMDK, QED, raw)', (bytes) => bytes.write('KDMV', 0, 'latin1')],
    ['an unknown version', (bytes) => bytes.writeUInt32BE(4, 4)],
  ])('refuses %s', (_what, change) => {
    expect(readQcow2Header(header(change)).ok).toBe(false);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readQcow2Header(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.nat(QCOW2_HEADER_BYTES - 1), (length) => !readQcow2Header(header().subarray(0, length)).ok),
    );
  });
});
