import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { filesBelow } from '../setup/content-hash.ts';
import { characterDeviceMode, cpioArchive, fileMode, type CpioEntry } from './cpio.ts';
import type { GuestKernel } from './kernel.ts';

export const rootfsDir = fileURLToPath(new URL('./rootfs/', import.meta.url));
export const BUSYBOX = '/bin/busybox';

function fileEntry(target: string, source: string, permissions: number): CpioEntry {
  return { path: target, mode: fileMode(permissions), content: readFileSync(source) };
}

function scriptEntries(): CpioEntry[] {
  return filesBelow([rootfsDir]).map((file) => {
    const executable = (statSync(file).mode & 0o100) !== 0;
    return fileEntry(path.relative(rootfsDir, file), file, executable ? 0o755 : 0o644);
  });
}

/** The guest's whole root file system: busybox, kernel modules, our scripts and the agent. */
export function initramfs(kernel: GuestKernel, agentBinary: string): Buffer {
  const order = kernel.modules.map((file) => `${path.basename(file)}\n`).join('');
  const archive = cpioArchive([
    // The kernel opens it before anything could have made it.
    { path: 'dev/console', mode: characterDeviceMode, device: { major: 5, minor: 1 } },
    fileEntry('bin/busybox', BUSYBOX, 0o755),
    ...kernel.modules.map((file) => fileEntry(`modules/${path.basename(file)}`, file, 0o644)),
    { path: 'modules/order', mode: fileMode(0o644), content: Buffer.from(order) },
    ...scriptEntries(),
    fileEntry('usr/sbin/infiniservice', agentBinary, 0o755),
  ]);
  return gzipSync(archive, { level: 9 });
}
