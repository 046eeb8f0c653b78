/** What is written on a seed. */
export interface SeedFile {
  readonly name: string;
  readonly content: string;
}

const SECTOR = 2_048;
export const SEED_LABEL = 'CIDATA';

/** In sectors; the files follow. */
const PLACE = { plain: 16, joliet: 17, end: 18, pathTables: 19, plainRoot: 23, jolietRoot: 24, files: 25 } as const;
const PATH_TABLE_BYTES = 10;
const ROOT_RECORD_BYTES = 34;
/** Where a volume descriptor says which program it is of. */
const APPLICATION = { at: 574, bytes: 128 } as const;
const IS_FOLDER = 2;
/** A fixed moment, so that equal files give equal bytes: years since 1900, month, day, hour, minute, second, zone. */
const MOMENT = Buffer.from([120, 1, 1, 0, 0, 0, 0]);

interface PlacedFile extends SeedFile {
  readonly sector: number;
  readonly bytes: Buffer;
}

/** One of the two trees of a disk: plain ISO 9660, and Joliet, in which names are Unicode and keep their case. */
interface Tree {
  readonly type: number;
  readonly rootSector: number;
  readonly pathTableSector: number;
  readonly escapes: string;
  readonly text: (text: string) => Buffer;
  /** A space as it pads texts. */
  readonly pad: Buffer;
  readonly fileName: (name: string) => string;
}

const PLAIN: Tree = {
  type: 1,
  rootSector: PLACE.plainRoot,
  pathTableSector: PLACE.pathTables,
  escapes: '',
  text: (text) => Buffer.from(text, 'latin1'),
  pad: Buffer.from(' '),
  // Linux makes it lower case and drops what follows the name.
  fileName: (name) => `${name.toUpperCase()}.;1`,
};

const JOLIET: Tree = {
  type: 2,
  rootSector: PLACE.jolietRoot,
  pathTableSector: PLACE.pathTables + 2,
  escapes: '%/E',
  text: (text) => Buffer.from(text, 'utf16le').swap16(),
  pad: Buffer.from([0, 0x20]),
  fileName: (name) => `${name};1`,
};

/**
 * A CD-ROM as NoCloud wants it: label CIDATA, the files in its only folder. Equal files of one VM give equal bytes; it says
 * of itself whose it is. ECMA-119 (ISO 9660) with a Joliet tree, since `network-config` is no name of plain ISO 9660.
 */
export const seedImage = (vmId: string, files: readonly SeedFile[]): Buffer => {
  const placed = placedFrom([...files].sort((a, b) => (a.name < b.name ? -1 : 1)));
  const end = placed.at(-1);
  const sectors = end === undefined ? PLACE.files : end.sector + sectorsOf(end.bytes);
  const image = Buffer.alloc(sectors * SECTOR);
  const put = (content: Buffer, sector: number): void => void content.copy(image, sector * SECTOR);
  put(volumeDescriptor(PLAIN, sectors, vmId), PLACE.plain);
  put(volumeDescriptor(JOLIET, sectors, vmId), PLACE.joliet);
  put(Buffer.from('\xffCD001\x01', 'latin1'), PLACE.end);
  for (const tree of [PLAIN, JOLIET]) {
    put(pathTable(tree, 'LE'), tree.pathTableSector);
    put(pathTable(tree, 'BE'), tree.pathTableSector + 1);
    put(folder(tree, placed), tree.rootSector);
  }
  for (const { bytes, sector } of placed) put(bytes, sector);
  return image;
};

/** The VM that a disk says to be the seed of, and its size; null when it is no seed. @param head as many bytes as SEED_HEAD_BYTES */
export const seedIn = (head: Buffer): { readonly vmId: string; readonly bytes: number } | null => {
  const descriptor = head.subarray(PLACE.plain * SECTOR, PLACE.joliet * SECTOR);
  if (descriptor.length < SECTOR || descriptor.toString('latin1', 1, 6) !== 'CD001') return null;
  const application = descriptor.toString('latin1', APPLICATION.at, APPLICATION.at + APPLICATION.bytes).trim();
  const [, vmId] = /^INFINIBAY SEED ([0-9a-f-]{36})$/.exec(application) ?? [];
  return vmId === undefined ? null : { vmId, bytes: descriptor.readUInt32LE(80) * SECTOR };
};

export const SEED_HEAD_BYTES = PLACE.joliet * SECTOR;

const sectorsOf = (bytes: Buffer): number => Math.ceil(bytes.length / SECTOR);

const placedFrom = (files: readonly SeedFile[]): PlacedFile[] => {
  let sector: number = PLACE.files;
  return files.map((file) => {
    const placed = { ...file, sector, bytes: Buffer.from(file.content) };
    sector += sectorsOf(placed.bytes);
    return placed;
  });
};

const volumeDescriptor = (tree: Tree, sectors: number, vmId: string): Buffer => {
  const bytes = Buffer.alloc(SECTOR);
  const text = (value: string, at: number, length: number): void => {
    bytes.fill(tree.pad, at, at + length);
    tree.text(value).copy(bytes, at, 0, length);
  };
  bytes.writeUInt8(tree.type, 0);
  bytes.write('CD001\x01', 1, 'latin1');
  text('', 8, 32);
  text(SEED_LABEL, 40, 32);
  both32(sectors).copy(bytes, 80);
  bytes.write(tree.escapes, 88, 'latin1');
  for (const [value, at] of [
    [1, 120],
    [1, 124],
    [SECTOR, 128],
  ] as const)
    both16(value).copy(bytes, at);
  both32(PATH_TABLE_BYTES).copy(bytes, 132);
  bytes.writeUInt32LE(tree.pathTableSector, 140);
  bytes.writeUInt32BE(tree.pathTableSector + 1, 148);
  record({ name: Buffer.from([0]), sector: tree.rootSector, bytes: SECTOR, flags: IS_FOLDER }).copy(bytes, 156);
  text('', 190, APPLICATION.at - 190);
  // Joliet has room for half as many characters: it is said in the plain tree alone.
  text(tree === PLAIN ? `INFINIBAY SEED ${vmId}` : '', APPLICATION.at, APPLICATION.bytes);
  text('', 702, 111);
  // Made, changed, valid from and until: not said.
  for (const at of [813, 830, 847, 864]) bytes.write('0'.repeat(16), at, 'latin1');
  bytes.writeUInt8(1, 881);
  return bytes;
};

/** Of the only folder there is. */
const pathTable = (tree: Tree, order: 'LE' | 'BE'): Buffer => {
  const bytes = Buffer.alloc(PATH_TABLE_BYTES);
  bytes.writeUInt8(1, 0);
  bytes[`writeUInt32${order}`](tree.rootSector, 2);
  bytes[`writeUInt16${order}`](1, 6);
  return bytes;
};

const folder = (tree: Tree, files: readonly PlacedFile[]): Buffer => {
  const root = { sector: tree.rootSector, bytes: SECTOR, flags: IS_FOLDER };
  return Buffer.concat([
    record({ name: Buffer.from([0]), ...root }),
    record({ name: Buffer.from([1]), ...root }),
    ...files.map(({ name, sector, bytes }) =>
      record({ name: tree.text(tree.fileName(name)), sector, bytes: bytes.length, flags: 0 }),
    ),
  ]);
};

interface Entry {
  readonly name: Buffer;
  readonly sector: number;
  readonly bytes: number;
  readonly flags: number;
}

/** Of an even length, as the standard wants it. */
const record = ({ name, sector, bytes: size, flags }: Entry): Buffer => {
  const length = 2 * Math.ceil((ROOT_RECORD_BYTES - 1 + name.length) / 2);
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(length, 0);
  both32(sector).copy(bytes, 2);
  both32(size).copy(bytes, 10);
  MOMENT.copy(bytes, 18);
  bytes.writeUInt8(flags, 25);
  both16(1).copy(bytes, 28);
  bytes.writeUInt8(name.length, 32);
  name.copy(bytes, 33);
  return bytes;
};

/** Numbers stand there twice: little-endian, then big-endian. */
const both32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
};

const both16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
};
