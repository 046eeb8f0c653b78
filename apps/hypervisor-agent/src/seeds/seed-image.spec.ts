import { describe, expect, it } from '@jest/globals';
import { SEED_HEAD_BYTES, seedImage, seedIn, type SeedFile } from './seed-image.js';

const VM = '0196f5a0-0000-7000-8000-000000000001';
const SECTOR = 2_048;
const FILES: readonly SeedFile[] = [
  { name: 'user-data', content: `#cloud-config\n${'# ü\n'.repeat(2_000)}` },
  { name: 'meta-data', content: 'instance-id: "i"\n' },
  { name: 'network-config', content: 'x'.repeat(SECTOR) },
];

/** The files of the folder that a volume descriptor names, as a reader of ECMA-119 finds them. */
const readTree = (image: Buffer, descriptorSector: number, text: (name: Buffer) => string): Record<string, string> => {
  const root = image.subarray(descriptorSector * SECTOR + 156);
  const [at, bytes] = [root.readUInt32LE(2) * SECTOR, root.readUInt32LE(10)];
  const found: Record<string, string> = {};
  for (let offset = at; offset < at + bytes && image.readUInt8(offset) > 0; offset += image.readUInt8(offset)) {
    const entry = image.subarray(offset, offset + image.readUInt8(offset));
    expect(entry.readUInt32LE(2)).toBe(entry.readUInt32BE(6));
    expect(entry.readUInt32LE(10)).toBe(entry.readUInt32BE(14));
    if ((entry.readUInt8(25) & 2) !== 0) continue;
    const name = text(entry.subarray(33, 33 + entry.readUInt8(32)));
    const start = entry.readUInt32LE(2) * SECTOR;
    found[name] = image.toString('utf8', start, start + entry.readUInt32LE(10));
  }
  return found;
};

const latin = (name: Buffer): string => name.toString('latin1');
const unicode = (name: Buffer): string => Buffer.from(name).swap16().toString('utf16le');

describe(seedImage.name, () => {
  const image = seedImage(VM, FILES);

  it('has the label by which cloud-init finds it, in both trees', () => {
    expect(image.toString('latin1', 16 * SECTOR + 40, 16 * SECTOR + 72)).toBe('CIDATA'.padEnd(32));
    expect(unicode(image.subarray(17 * SECTOR + 40, 17 * SECTOR + 72))).toBe('CIDATA'.padEnd(16));
    expect(image.length).toBe(image.readUInt32LE(16 * SECTOR + 80) * SECTOR);
  });

  it('has the files in both trees', () => {
    const expected = (nameOf: (name: string) => string) =>
      Object.fromEntries(FILES.map(({ name, content }) => [nameOf(name), content]));
    expect(readTree(image, 16, latin)).toEqual(expected((name) => `${name.toUpperCase()}.;1`));
    expect(readTree(image, 17, unicode)).toEqual(expected((name) => `${name};1`));
  });

  it('is the same for the same files, in whatever order they are given', () => {
    expect(seedImage(VM, [...FILES].reverse()).equals(image)).toBe(true);
    expect(seedImage(VM, FILES.slice(1)).equals(image)).toBe(false);
  });

  it('says whose it is, and how large', () => {
    const head = image.subarray(0, SEED_HEAD_BYTES);
    expect(seedIn(head)).toEqual({ vmId: VM, bytes: image.length });
    expect(seedIn(head.subarray(0, SEED_HEAD_BYTES - 1))).toBeNull();
    expect(seedIn(Buffer.alloc(SEED_HEAD_BYTES))).toBeNull();
    expect(seedIn(Buffer.alloc(0))).toBeNull();
    const strange = Buffer.from(head);
    strange.write('ANOTHER PROGRAM', 16 * SECTOR + 574, 'latin1');
    expect(seedIn(strange)).toBeNull();
  });

  it('has room for as much as may be said, and for nothing', () => {
    const large = { name: 'user-data', content: 'x'.repeat(524_288) };
    expect(readTree(seedImage(VM, [large]), 17, unicode)).toEqual({ 'user-data;1': large.content });
    const empty = { name: 'user-data', content: '' };
    expect(readTree(seedImage(VM, [empty]), 17, unicode)).toEqual({ 'user-data;1': '' });
    expect(readTree(seedImage(VM, []), 17, unicode)).toEqual({});
  });
});
