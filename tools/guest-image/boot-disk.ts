import { closeSync, openSync, readFileSync, truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';

import { runCommand } from '../stack/command.ts';
import { StackError } from '../stack/stack-error.ts';

const MIB = 1024 * 1024;
const SECTOR = 512;
const PARTITION_START_SECTOR = 2048;
/** A fixed moment in place of "now", so that equal inputs give equal bytes. */
const FIXED_TIME_S = 1_577_836_800;
export const MBR_CODE = '/usr/lib/syslinux/mbr/mbr.bin';

export const KERNEL_ARGUMENTS = 'console=tty0 console=ttyS0 quiet loglevel=4 mitigations=off nokaslr panic=5';

async function tool(command: string, ...args: string[]): Promise<void> {
  const result = await runCommand('env', [
    `SOURCE_DATE_EPOCH=${String(FIXED_TIME_S)}`,
    'TZ=UTC',
    'MTOOLS_SKIP_CHECK=1',
    command,
    ...args,
  ]);
  if (result.code !== 0)
    throw new StackError(`${command} ${args.join(' ')}: ${result.stderr.trim() || result.stdout.trim()}`);
}

export interface Partition {
  readonly startSector: number;
  readonly sectors: number;
  /** As the partition table has it: 0x0e is FAT16, 0x83 Linux. */
  readonly type: number;
  /** The one that is booted from. */
  readonly isActive: boolean;
}

/** The first sector of a disk: code that boots from the active one of up to four partitions, and their table. */
export function masterBootRecord(code: Buffer, partitions: readonly Partition[]): Buffer {
  const record = Buffer.alloc(SECTOR);
  code.copy(record);
  record.writeUInt32LE(0x1b_ab_1b_ab, 440);
  for (const [index, { startSector, sectors, type, isActive }] of partitions.entries()) {
    const entry = 446 + 16 * index;
    record.writeUInt8(isActive ? 0x80 : 0, entry);
    // Cylinder, head and sector beyond what they can say: boot code reads the linear addresses below.
    Buffer.from([0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff]).copy(record, entry + 1);
    record.writeUInt32LE(startSector, entry + 8);
    record.writeUInt32LE(sectors, entry + 12);
  }
  record.writeUInt16LE(0xaa55, 510);
  return record;
}

/** A master boot record with one active FAT16 partition that takes the rest of the disk. */
function writeMasterBootRecord(file: string, diskBytes: number): void {
  const sectors = diskBytes / SECTOR - PARTITION_START_SECTOR;
  const partition: Partition = { startSector: PARTITION_START_SECTOR, sectors, type: 0x0e, isActive: true };
  const record = masterBootRecord(readFileSync(MBR_CODE), [partition]);
  const disk = openSync(file, 'r+');
  writeSync(disk, record, 0, SECTOR, 0);
  closeSync(disk);
}

function bootLoaderConfig(): string {
  return `DEFAULT micro\nPROMPT 0\nTIMEOUT 0\nLABEL micro\n  LINUX vmlinuz\n  INITRD initrd\n  APPEND ${KERNEL_ARGUMENTS}\n`;
}

export interface BootDiskInputs {
  readonly kernel: string;
  readonly initrd: string;
  /** Folder for what is made on the way; belongs to the caller. */
  readonly workDir: string;
  readonly output: string;
}

/**
 * Makes a qcow2 disk that a BIOS boots, with mtools and syslinux only: no loop device, no mount, no root.
 * Returns its virtual size in bytes.
 */
export async function writeBootDisk(inputs: BootDiskInputs): Promise<number> {
  const raw = path.join(inputs.workDir, 'disk.raw');
  const config = path.join(inputs.workDir, 'syslinux.cfg');
  const contentBytes = readFileSync(inputs.kernel).length + readFileSync(inputs.initrd).length;
  const diskBytes = Math.ceil((contentBytes * 1.25) / MIB / 8) * 8 * MIB + 8 * MIB;
  writeFileSync(raw, '');
  truncateSync(raw, diskBytes);
  writeMasterBootRecord(raw, diskBytes);
  writeFileSync(config, bootLoaderConfig());
  const offset = PARTITION_START_SECTOR * SECTOR;
  const partition = `${raw}@@${String(offset)}`;
  const sectors = String(diskBytes / SECTOR - PARTITION_START_SECTOR);
  await tool(
    'mformat',
    '-i',
    partition,
    '-T',
    sectors,
    '-h',
    '64',
    '-s',
    '32',
    '-H',
    String(PARTITION_START_SECTOR),
    '-N',
    '1b1b1b1b',
    '-v',
    'INFINIBAY',
    '::',
  );
  for (const [file, name] of [
    [inputs.kernel, 'vmlinuz'],
    [inputs.initrd, 'initrd'],
    [config, 'syslinux.cfg'],
  ] as const) {
    utimesSync(file, FIXED_TIME_S, FIXED_TIME_S);
    await tool('mcopy', '-m', '-i', partition, file, `::${name}`);
  }
  await tool('syslinux', '--install', '--offset', String(offset), raw);
  await tool(
    'qemu-img',
    'convert',
    '-f',
    'raw',
    '-O',
    'qcow2',
    '-o',
    'compat=1.1,lazy_refcounts=off',
    raw,
    inputs.output,
  );
  return diskBytes;
}
