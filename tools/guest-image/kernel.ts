import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { toolchainDir } from '../stack/layout.ts';
import { StackError } from '../stack/stack-error.ts';

/** Where setup unpacks Debian's cloud kernel; it is never installed. */
export const kernelDir = path.join(toolchainDir, 'guest-kernel');

/** In the order of loading: each needs those before it. */
const MODULES = [
  'drivers/virtio/virtio_ring.ko',
  'drivers/virtio/virtio.ko',
  'drivers/virtio/virtio_pci_modern_dev.ko',
  'drivers/virtio/virtio_pci_legacy_dev.ko',
  'drivers/virtio/virtio_pci.ko',
  'drivers/char/virtio_console.ko',
  'drivers/block/virtio_blk.ko',
  'net/core/failover.ko',
  'drivers/net/net_failover.ko',
  'drivers/net/virtio_net.ko',
  'drivers/virtio/virtio_balloon.ko',
  'drivers/acpi/button.ko',
  'drivers/input/evdev.ko',
  'fs/fat/fat.ko',
  'fs/fat/vfat.ko',
  'fs/nls/nls_cp437.ko',
  'fs/nls/nls_ascii.ko',
];

export interface GuestKernel {
  readonly image: string;
  /** Absolute paths, in the order of loading. */
  readonly modules: readonly string[];
}

export function guestKernelFound(): boolean {
  return existsSync(path.join(kernelDir, 'boot'));
}

/** The unpacked kernel and the modules that the guest loads. */
export function guestKernel(): GuestKernel {
  const boot = path.join(kernelDir, 'boot');
  const image = readdirSync(boot).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) throw new StackError(`no kernel in ${boot}: run npm run setup`);
  const moduleDir = path.join(kernelDir, 'lib', 'modules', image.slice('vmlinuz-'.length), 'kernel');
  return { image: path.join(boot, image), modules: MODULES.map((name) => path.join(moduleDir, name)) };
}
