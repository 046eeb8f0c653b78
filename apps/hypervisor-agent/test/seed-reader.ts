import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeBootDisk } from '../../../tools/guest-image/boot-disk.ts';
import { characterDeviceMode, cpioArchive, fileMode } from '../../../tools/guest-image/cpio.ts';
import { BUSYBOX } from '../../../tools/guest-image/initramfs.ts';
import { guestKernel } from '../../../tools/guest-image/kernel.ts';

/** In the order of loading: what a Linux of a cloud brings for the drive, and for what is in it. */
const MODULES = [
  'drivers/scsi/scsi_common.ko',
  'drivers/scsi/scsi_mod.ko',
  'drivers/ata/libata.ko',
  'drivers/ata/ata_piix.ko',
  'drivers/cdrom/cdrom.ko',
  'drivers/scsi/sr_mod.ko',
  'fs/isofs/isofs.ko',
];

/** What every guest kernel here has first. */
const FIRST = 'drivers/virtio/virtio_ring.ko';

/** Writes the label of its CD-ROM on the console, and what is in it, from both of its trees. */
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /mnt
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
export PATH=/bin
for module in ${MODULES.map((name) => path.basename(name)).join(' ')}; do insmod "/modules/$module"; done
disk=/dev/sr0
tries=0
until [ -b "$disk" ] || [ "$tries" -ge 15 ]; do tries=$((tries + 1)); sleep 1; done
# Where a CD-ROM has its label; busybox has no program that looks for one.
echo "seed: label=$(dd if="$disk" bs=8 skip=4101 count=4 2>/dev/null)"
for tree in joliet nojoliet; do
  options=ro
  [ "$tree" = nojoliet ] && options=ro,nojoliet
  mount -t iso9660 -o "$options" "$disk" /mnt || continue
  for file in /mnt/*; do echo "seed: $tree \${file##*/} $(base64 -w0 "$file")"; done
  umount /mnt
done
[ -b "$disk" ] && (echo x > "$disk") 2>/dev/null && echo "seed: written to"
echo "seed: end"
while :; do sleep 3600; done
`;

/** A disk that boots a Linux which tells what it finds on its seed. */
export const seedReader = async (): Promise<Buffer> => {
  const { image, modules } = guestKernel();
  const first = modules.find((file) => file.endsWith(FIRST));
  if (first === undefined) throw new Error(`the guest kernel has no ${FIRST}`);
  const folder = first.slice(0, -FIRST.length);
  const workDir = mkdtempSync(path.join(tmpdir(), 'ib-seed-reader-'));
  try {
    const kernel = path.join(workDir, 'vmlinuz');
    const initrd = path.join(workDir, 'initrd');
    copyFileSync(image, kernel);
    const archive = cpioArchive([
      // The kernel opens it before anything could have made it.
      { path: 'dev/console', mode: characterDeviceMode, device: { major: 5, minor: 1 } },
      { path: 'bin/busybox', mode: fileMode(0o755), content: readFileSync(BUSYBOX) },
      ...MODULES.map((name) => ({
        path: `modules/${path.basename(name)}`,
        mode: fileMode(0o644),
        content: readFileSync(path.join(folder, name)),
      })),
      { path: 'init', mode: fileMode(0o755), content: Buffer.from(INIT) },
    ]);
    writeFileSync(initrd, gzipSync(archive));
    await writeBootDisk({ kernel, initrd, workDir, output: path.join(workDir, 'disk.qcow2') });
    return readFileSync(path.join(workDir, 'disk.raw'));
  } finally {
    rmSync(workDir, { recursive: true });
  }
};

/** What such a guest has told of its seed; undefined: it is not at its end yet. */
export const toldBySeedReader = (
  console: string,
): { readonly label: string; readonly isWritable: boolean; readonly files: Record<string, string> } | undefined => {
  if (!console.includes('seed: end')) return undefined;
  const files = [...console.matchAll(/seed: (joliet|nojoliet) (\S+) (\S+)/g)].map(
    ([, tree, name, content]) => [`${tree} ${name}`, Buffer.from(content ?? '', 'base64').toString()] as const,
  );
  const [, label = ''] = /seed: label=(\S*)/.exec(console) ?? [];
  return { label, isWritable: console.includes('seed: written to'), files: Object.fromEntries(files) };
};
