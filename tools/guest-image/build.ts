import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { filesBelow, hashOfFiles, stampAt } from '../setup/content-hash.ts';
import { toolchainDir } from '../stack/layout.ts';
import { KERNEL_ARGUMENTS, writeBootDisk } from './boot-disk.ts';
import { BUSYBOX, initramfs } from './initramfs.ts';
import { guestKernel, guestKernelFound } from './kernel.ts';
import { imageId, type ImageManifest } from './manifest.ts';

const NAME = 'infinibay-micro';
const VERSION = '0.1.0';
const MIN_MEMORY_MIB = 128;

/** Where the build puts disk, manifest, and kernel and initrd for a direct boot. A stack copies them into its image folder. */
export const guestImageDir = path.join(toolchainDir, 'guest-image');
export const GUEST_IMAGE_MANIFEST = `${NAME}.json`;
const stamp = stampAt(path.join(guestImageDir, 'inputs.hash'));

/** What the build needs and this machine lacks. */
export function missingForGuestImage(agentBinary: string): string[] {
  const needed = [
    agentBinary,
    BUSYBOX,
    '/usr/bin/mformat',
    '/usr/bin/syslinux',
    '/usr/lib/syslinux/mbr/mbr.bin',
    '/usr/bin/qemu-img',
  ];
  return [...needed.filter((file) => !existsSync(file)), ...(guestKernelFound() ? [] : ['the guest kernel'])];
}

/** Changes with the agent, the kernel, busybox, our scripts and this builder. */
export function guestImageHash(agentBinary: string): string {
  const kernel = guestKernel();
  const builder = filesBelow([fileURLToPath(new URL('.', import.meta.url))], (file) => !file.endsWith('spec.ts'));
  return hashOfFiles([agentBinary, BUSYBOX, kernel.image, ...kernel.modules, ...builder], KERNEL_ARGUMENTS);
}

/** The names of the image's files, the manifest last; undefined when there is no whole image in the folder. */
export function guestImageFiles(dir = guestImageDir): string[] | undefined {
  const manifest = path.join(dir, GUEST_IMAGE_MANIFEST);
  if (!existsSync(manifest)) return undefined;
  const { file } = JSON.parse(readFileSync(manifest, 'utf8')) as ImageManifest;
  const files = [file, 'vmlinuz', 'initrd', GUEST_IMAGE_MANIFEST];
  return files.every((name) => existsSync(path.join(dir, name))) ? files : undefined;
}

export function guestImageIsCurrent(hash: string): boolean {
  return stamp.matches(hash) && guestImageFiles() !== undefined;
}

function manifestOf(disk: string, virtualSizeBytes: number): ImageManifest {
  const sha256 = createHash('sha256').update(readFileSync(disk)).digest('hex');
  return {
    id: imageId(NAME, VERSION),
    name: NAME,
    version: VERSION,
    format: 'qcow2',
    // Named by content: disks of existing VMs are layers over it and must never see it change.
    file: `${NAME}-${sha256.slice(0, 12)}.qcow2`,
    sha256,
    virtualSizeBytes,
    minMemoryMib: MIN_MEMORY_MIB,
    osFamily: 'linux',
  };
}

/** Builds the guest image into `outputDir`; equal inputs give equal bytes. */
export async function buildGuestImage(agentBinary: string, outputDir = guestImageDir): Promise<ImageManifest> {
  const hash = guestImageHash(agentBinary);
  mkdirSync(path.dirname(outputDir), { recursive: true });
  const workDir = mkdtempSync(`${outputDir}.build-`);
  try {
    const kernel = guestKernel();
    const at = (name: string): string => path.join(workDir, name);
    copyFileSync(kernel.image, at('vmlinuz'));
    writeFileSync(at('initrd'), initramfs(kernel, agentBinary));
    const size = await writeBootDisk({
      kernel: at('vmlinuz'),
      initrd: at('initrd'),
      workDir,
      output: at('disk.qcow2'),
    });
    const manifest = manifestOf(at('disk.qcow2'), size);
    renameSync(at('disk.qcow2'), at(manifest.file));
    writeFileSync(at(GUEST_IMAGE_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    rmSync(at('disk.raw'));
    rmSync(at('syslinux.cfg'));
    stampAt(at('inputs.hash')).write(hash);
    rmSync(outputDir, { recursive: true, force: true });
    renameSync(workDir, outputDir);
    return manifest;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}
