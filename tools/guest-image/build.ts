import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

/** What the build makes: disk, manifest, and kernel and initrd for a direct boot. A stack copies them into its image folder. */
export const guestImageDir = path.join(toolchainDir, 'guest-image');
export const guestImageFiles = [`${NAME}.qcow2`, `${NAME}.json`, 'vmlinuz', 'initrd'];
const stamp = stampAt(path.join(guestImageDir, 'inputs.hash'));

/** What the build needs and this machine lacks. */
export function missingForGuestImage(agentBinary: string): string[] {
  const needed = [agentBinary, BUSYBOX, '/usr/bin/mformat', '/usr/bin/syslinux', '/usr/lib/syslinux/mbr/mbr.bin', '/usr/bin/qemu-img'];
  return [...needed.filter((file) => !existsSync(file)), ...(guestKernelFound() ? [] : ['the guest kernel'])];
}

/** Changes with the agent, the kernel, busybox, our scripts and this builder. */
export function guestImageHash(agentBinary: string): string {
  const kernel = guestKernel();
  const builder = filesBelow([fileURLToPath(new URL('.', import.meta.url))], (file) => !file.endsWith('spec.ts'));
  return hashOfFiles([agentBinary, BUSYBOX, kernel.image, ...kernel.modules, ...builder], KERNEL_ARGUMENTS);
}

export function guestImageIsCurrent(hash: string): boolean {
  return stamp.matches(hash) && guestImageFiles.every((name) => existsSync(path.join(guestImageDir, name)));
}

function manifestOf(disk: string, virtualSizeBytes: number): ImageManifest {
  return {
    id: imageId(NAME, VERSION),
    name: NAME,
    version: VERSION,
    format: 'qcow2',
    file: `${NAME}.qcow2`,
    sha256: createHash('sha256').update(readFileSync(disk)).digest('hex'),
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
    const size = await writeBootDisk({ kernel: at('vmlinuz'), initrd: at('initrd'), workDir, output: at(`${NAME}.qcow2`) });
    const manifest = manifestOf(at(`${NAME}.qcow2`), size);
    writeFileSync(at(`${NAME}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
    mkdirSync(outputDir, { recursive: true });
    for (const name of guestImageFiles) renameSync(at(name), path.join(outputDir, name));
    stampAt(path.join(outputDir, 'inputs.hash')).write(hash);
    return manifest;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}
