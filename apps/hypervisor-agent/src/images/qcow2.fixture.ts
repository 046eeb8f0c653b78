/** A version 3 header of qcow2, of a disk of 1 MiB, and zeros behind it. */
export const qcow2Beginning = (change: (bytes: Buffer) => void = () => undefined): Buffer => {
  const bytes = Buffer.alloc(65_536);
  bytes.write('QFI\xfb', 0, 'latin1');
  bytes.writeUInt32BE(3, 4);
  bytes.writeUInt32BE(16, 20);
  bytes.writeBigUInt64BE(1_048_576n, 24);
  bytes.writeUInt32BE(104, 100);
  change(bytes);
  return bytes;
};
