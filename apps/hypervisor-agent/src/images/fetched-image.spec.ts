import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { inspectFetched } from './fetched-image.js';
import { ImageRefused } from './image-check.js';
import { qcow2Beginning } from './qcow2.fixture.js';

const MIB = 1_048_576;

describe(inspectFetched, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ib-fetched-'));
  const path = join(folder, 'image.part');
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const inspect = (format: 'qcow2' | 'raw' | 'iso', content: Buffer): Promise<number> => {
    writeFileSync(path, content);
    return inspectFetched(path, format, 8 * MIB, new AbortController().signal);
  };

  it('tells how large a guest sees it', async () => {
    expect(await inspect('raw', Buffer.alloc(MIB, 7))).toBe(MIB);
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['with a backing file', (bytes) => bytes.writeBigUInt64BE(512n, 8)],
    ['with an external data file', (bytes) => bytes.writeBigUInt64BE(4n, 72)],
    ['with a virtual size that is too large', (bytes) => bytes.writeBigUInt64BE(9n * BigInt(MIB), 24)],
    ['with a virtual size beyond all numbers', (bytes) => bytes.writeBigUInt64BE(2n ** 64n - 1n, 24)],
    ['without a size', (bytes) => bytes.writeBigUInt64BE(0n, 24)],
    ['with half a sector', (bytes) => bytes.writeBigUInt64BE(BigInt(MIB) + 256n, 24)],
    ['that is VMDK', (bytes) => bytes.write('KDMV', 0, 'latin1')],
    ['that is encrypted', (bytes) => bytes.writeUInt32BE(2, 32)],
  ])('refuses a qcow2 image %s', async (_what, change) => {
    await expect(inspect('qcow2', qcow2Beginning(change))).rejects.toThrow(ImageRefused);
  });

  it.each(['QFI\xfb', 'QED\0', 'KDMV', '# Disk DescriptorFile', 'conectix', 'vhdxfile'])(
    'refuses %j that is said to be raw',
    async (magic) => {
      const content = Buffer.alloc(MIB);
      content.write(magic, 0, 'latin1');
      await expect(inspect('raw', content)).rejects.toThrow('and not a raw one');
    },
  );

  it('takes an ISO that has a volume descriptor, and nothing else as one', async () => {
    const disc = (change: (bytes: Buffer) => void, bytes = 40 * 2_048): Promise<number> => {
      const content = Buffer.alloc(bytes);
      content.write('\x01CD001', 16 * 2_048, 'latin1');
      change(content);
      return inspect('iso', content);
    };
    expect(await disc(() => undefined)).toBe(40 * 2_048);
    expect(await disc((bytes) => bytes.write('\0BEA01', 16 * 2_048, 'latin1'))).toBe(40 * 2_048);
    await expect(disc((bytes) => bytes.write('CD002', 16 * 2_048 + 1, 'latin1'))).rejects.toThrow('volume descriptor');
    await expect(disc((bytes) => bytes.write('KDMV', 0, 'latin1'))).rejects.toThrow('and not a raw one');
    await expect(disc(() => undefined, 40 * 2_048 + 512)).rejects.toThrow('multiple of 2048');
    await expect(inspect('iso', Buffer.alloc(2_048))).rejects.toThrow('volume descriptor');
  });

  it('refuses a raw image that is empty, too large or cut, and a link', async () => {
    for (const bytes of [0, 9 * MIB, 700])
      await expect(inspect('raw', Buffer.alloc(bytes))).rejects.toThrow(ImageRefused);
    const link = join(folder, 'link');
    symlinkSync(path, link);
    await expect(inspectFetched(link, 'raw', 8 * MIB, new AbortController().signal)).rejects.toThrow(ImageRefused);
  });
});
