import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { KERNEL_ARGUMENTS, MBR_CODE, masterBootRecord, type Partition } from '../guest-image/boot-disk.ts';
import { hashOfFiles, stampAt } from '../setup/content-hash.ts';
import { runCommand } from '../stack/command.ts';
import { toolchainDir } from '../stack/layout.ts';
import { StackError } from '../stack/stack-error.ts';

const MIB = 1_048_576;
const SECTOR = 512;
const SUITE = 'bookworm';
/** Of the base system; the rest comes by apt, which knows packages that stand for others. */
const BASE = ['systemd-sysv', 'udev', 'dbus', 'ifupdown', 'isc-dhcp-client', 'iproute2', 'ca-certificates'];
const PACKAGES = ['linux-image-cloud-amd64', 'cloud-init', 'cloud-guest-utils', 'openssh-server', 'sudo', 'eject'];
const BOOT_MIB = 160;
const BOOT: Partition = { startSector: 4_096, sectors: (BOOT_MIB * MIB) / SECTOR, type: 0x0e, isActive: true };
const EFI = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi';

const imageDir = path.join(toolchainDir, 'debian-image');
const image = path.join(imageDir, 'debian.qcow2');

/** Programs and files that the machine lacks, by the package that has them. */
export const missingForDebianImage = (): string[] => {
  const needed: readonly (readonly [string, string])[] = [
    ['debootstrap', '/usr/sbin/debootstrap'],
    ['e2fsprogs', '/usr/sbin/mke2fs'],
    ['systemd-boot-efi', EFI],
  ];
  return needed.filter(([, file]) => !existsSync(file)).map(([name]) => name);
};

const MINUTES = 60_000;

const tool = async (command: string, ...args: string[]): Promise<void> => {
  const result = await runCommand(
    'env',
    ['LC_ALL=C', 'DEBIAN_FRONTEND=noninteractive', 'MTOOLS_SKIP_CHECK=1', command, ...args],
    {
      timeoutMs: 30 * MINUTES,
    },
  );
  if (result.code !== 0)
    throw new StackError(`${command} ${args.slice(0, 4).join(' ')}: ${(result.stderr || result.stdout).slice(-2_000)}`);
};

/** In the new system, in a namespace of mounts and processes of its own: whatever ends us, nothing stays mounted. */
const inside = (root: string, script: string): Promise<void> => {
  const mounts = `mount -t proc proc ${root}/proc && mount --bind /dev ${root}/dev`;
  return tool(
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    'sh',
    '-c',
    `${mounts} && exec chroot ${root} sh -ec '${script}'`,
  );
};

/** Debian as its own packages make it. What cloud-init finds at the first start is all that it is told. */
const install = async (root: string, say: (line: string) => void): Promise<void> => {
  say(`Debian ${SUITE}: base system`);
  await tool('debootstrap', '--variant=minbase', `--include=${BASE.join(',')}`, SUITE, root);
  // How this machine reaches its registry.
  for (const name of readdirSync('/etc/apt/apt.conf.d'))
    cpSync(`/etc/apt/apt.conf.d/${name}`, `${root}/etc/apt/apt.conf.d/${name}`);
  for (const name of ['resolv.conf', 'hosts']) cpSync(`/etc/${name}`, `${root}/etc/${name}`, { dereference: true });
  say(`Debian ${SUITE}: ${PACKAGES.join(', ')}`);
  writeFileSync(`${root}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await inside(
    root,
    `apt-get update -q && apt-get install -y -q --no-install-recommends ${PACKAGES.join(' ')} && apt-get clean`,
  );
  rmSync(`${root}/usr/sbin/policy-rc.d`);
  for (const name of ['resolv.conf', 'hosts']) rmSync(`${root}/etc/${name}`);
  for (const name of readdirSync(`${root}/etc/ssh`))
    if (name.startsWith('ssh_host_')) rmSync(`${root}/etc/ssh/${name}`);
  writeFileSync(`${root}/etc/machine-id`, '');
  writeFileSync(`${root}/etc/fstab`, '/dev/vda2 / ext4 rw 0 1\n');
  // The locale that cloud-init wants of Debian is in a package that minbase lacks.
  writeFileSync(
    `${root}/etc/cloud/cloud.cfg.d/90_infinibay.cfg`,
    'datasource_list: [ NoCloud, None ]\nmanage_etc_hosts: true\nlocale: false\n',
  );
};

const APPEND = `root=/dev/vda2 ro ${KERNEL_ARGUMENTS}`;
const FOR_BIOS = `DEFAULT debian\nPROMPT 0\nLABEL debian\n  LINUX /vmlinuz\n  INITRD /initrd\n  APPEND ${APPEND}\n`;
const FOR_UEFI = `title Debian\nlinux /vmlinuz\ninitrd /initrd\noptions ${APPEND}\n`;

const kernelOf = (root: string, name: string): string => {
  const found = readdirSync(`${root}/boot`).find((file) => file.startsWith(name));
  if (found === undefined) throw new StackError(`the new system has no ${name}`);
  return `${root}/boot/${found}`;
};

/** A disk that a BIOS boots by SYSLINUX from its first partition, and UEFI by systemd-boot from the same. */
const writeDisk = async (root: string, work: string): Promise<void> => {
  const raw = path.join(work, 'disk.raw');
  const [bios, uefi] = [path.join(work, 'syslinux.cfg'), path.join(work, 'debian.conf')];
  writeFileSync(bios, FOR_BIOS);
  writeFileSync(uefi, FOR_UEFI);
  const { stdout } = await runCommand('du', ['-sm', root], { timeoutMs: 5 * MINUTES });
  const rootSectors = Math.ceil((Number.parseInt(stdout, 10) * 1.3 + 200) * (MIB / SECTOR));
  const start = BOOT.startSector + BOOT.sectors;
  writeFileSync(raw, '');
  truncateSync(raw, (start + rootSectors) * SECTOR);
  const linux: Partition = { startSector: start, sectors: rootSectors, type: 0x83, isActive: false };
  const disk = openSync(raw, 'r+');
  writeSync(disk, masterBootRecord(readFileSync(MBR_CODE), [BOOT, linux]));
  closeSync(disk);
  const partition = `${raw}@@${String(BOOT.startSector * SECTOR)}`;
  const hidden = ['-H', String(BOOT.startSector)];
  await tool(
    'mformat',
    '-i',
    partition,
    '-T',
    String(BOOT.sectors),
    '-h',
    '64',
    '-s',
    '32',
    ...hidden,
    '-v',
    'BOOT',
    '::',
  );
  await tool('mmd', '-i', partition, '::EFI', '::EFI/BOOT', '::loader', '::loader/entries');
  for (const [file, name] of [
    [kernelOf(root, 'vmlinuz'), 'vmlinuz'],
    [kernelOf(root, 'initrd.img'), 'initrd'],
    [bios, 'syslinux.cfg'],
    [EFI, 'EFI/BOOT/BOOTX64.EFI'],
    [uefi, 'loader/entries/debian.conf'],
  ] as const)
    await tool('mcopy', '-i', partition, file, `::${name}`);
  await tool('syslinux', '--install', '--offset', String(BOOT.startSector * SECTOR), raw);
  const at = `offset=${String(start * SECTOR)}`;
  await tool(
    'mke2fs',
    '-q',
    '-t',
    'ext4',
    '-d',
    root,
    '-E',
    at,
    raw,
    `${String(Math.floor((rootSectors * SECTOR) / 1_024))}k`,
  );
  await tool('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, path.join(work, path.basename(image)));
};

/**
 * An image of Debian, made of its packages once and then kept in `.toolchain/`. Needs root and some 3 minutes.
 * @returns its file
 */
export const debianImage = async (say: (line: string) => void): Promise<string> => {
  const hash = hashOfFiles([fileURLToPath(import.meta.url)], SUITE);
  const stamp = stampAt(path.join(imageDir, 'inputs.hash'));
  if (existsSync(image) && stamp.matches(hash)) return image;
  mkdirSync(toolchainDir, { recursive: true });
  const work = mkdtempSync(`${imageDir}.build-`);
  try {
    const root = path.join(work, 'root');
    await install(root, say);
    say('writing its disk');
    await writeDisk(root, work);
    rmSync(imageDir, { recursive: true, force: true });
    mkdirSync(imageDir);
    renameSync(path.join(work, path.basename(image)), image);
    stamp.write(hash);
    say(`image of ${String(Math.round(statSync(image).size / MIB))} MiB`);
    return image;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
