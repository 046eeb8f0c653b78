import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';

import { GUEST_IMAGE_MANIFEST, guestImageDir, guestImageFiles } from '../guest-image/build.ts';

/** Puts the built-in image into the image folder, unless the same one is there. Returns whether one could be. */
export function installBuiltInImage(imageDir: string): boolean {
  const files = guestImageFiles();
  if (files === undefined) return false;
  const installed = path.join(imageDir, GUEST_IMAGE_MANIFEST);
  const isSame =
    existsSync(installed) &&
    readFileSync(installed, 'utf8') === readFileSync(path.join(guestImageDir, GUEST_IMAGE_MANIFEST), 'utf8');
  if (isSame && guestImageFiles(imageDir) !== undefined) return true;
  mkdirSync(imageDir, { recursive: true });
  // In this order the manifest comes last: who sees it may rely on the rest.
  for (const name of files) {
    const target = path.join(imageDir, name);
    copyFileSync(path.join(guestImageDir, name), `${target}.new`);
    renameSync(`${target}.new`, target);
  }
  return true;
}
