import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KERNEL_ARGUMENTS } from '../guest-image/boot-disk.ts';
import { guestImageDir } from '../guest-image/build.ts';

const ISOLINUX = '/usr/lib/ISOLINUX/isolinux.bin';
const LOADER = '/usr/lib/syslinux/modules/bios/ldlinux.c32';
const CONFIG = `DEFAULT micro\nPROMPT 0\nLABEL micro\n  LINUX /vmlinuz\n  INITRD /initrd\n  APPEND ${KERNEL_ARGUMENTS}\n`;

/** The guest of our image on a disc, made and booted as a distribution's installer is: by ISOLINUX. */
export const bootableIso = (): Buffer => {
  const work = mkdtempSync(path.join(tmpdir(), 'infinibay-iso-'));
  try {
    const [tree, iso] = [path.join(work, 'tree'), path.join(work, 'disc.iso')];
    mkdirSync(path.join(tree, 'isolinux'), { recursive: true });
    for (const name of ['vmlinuz', 'initrd']) copyFileSync(path.join(guestImageDir, name), path.join(tree, name));
    copyFileSync(ISOLINUX, path.join(tree, 'isolinux', 'isolinux.bin'));
    copyFileSync(LOADER, path.join(tree, 'isolinux', 'ldlinux.c32'));
    writeFileSync(path.join(tree, 'isolinux', 'isolinux.cfg'), CONFIG);
    const boot = ['-b', 'isolinux/isolinux.bin', '-c', 'isolinux/boot.cat'];
    const kind = ['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table', '-quiet', '-R', '-J'];
    execFileSync('genisoimage', ['-o', iso, ...boot, ...kind, tree]);
    return readFileSync(iso);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};
