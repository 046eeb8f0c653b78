import { chmod, chown, readdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { QemuUser } from '@infinibay/libvirt-xml';
import { errnoOf, isMissing } from '../work/missing-file.js';

/**
 * Removes a folder in which another user may write, and who may still hold folders of it open. They become ours from the
 * top down before anything goes: in what is ours nobody puts a link where a folder was. The one above must be ours.
 */
export const removeForeign = async (folder: string): Promise<void> => {
  await takeOver(folder);
  await rm(folder, { recursive: true, force: true });
};

/** Follows no link. A file in the folder's place is left as it is: there is nothing in it. */
const takeOver = async (folder: string): Promise<void> => {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  try {
    const owner = await stat(folder);
    // Before the mode: until then its owner gives it another.
    if (owner.uid !== uid || owner.gid !== gid) await chown(folder, uid, gid);
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true }))
      if (entry.isDirectory()) await takeOver(join(folder, entry.name));
  } catch (error) {
    if (!isMissing(error) && errnoOf(error) !== 'ENOTDIR') throw error;
  }
};

/**
 * The topmost of this folder and those above it through which its mode lets the user not pass. It knows of no further
 * groups of the user and of no access lists.
 */
export const closedFolder = async (folder: string, user: QemuUser): Promise<string | undefined> => {
  for (const at of pathTo(await realpath(folder))) {
    if (!maySearch(await stat(at), user)) return at;
  }
  return undefined;
};

const pathTo = (folder: string): string[] => {
  const above = dirname(folder);
  return above === folder ? [folder] : [...pathTo(above), folder];
};

const maySearch = (
  { mode, uid, gid }: { readonly mode: number; readonly uid: number; readonly gid: number },
  user: QemuUser,
): boolean => {
  if (user.uid === 0) return true;
  if (user.uid === uid) return (mode & 0o100) !== 0;
  return (mode & (user.gid === gid ? 0o010 : 0o001)) !== 0;
};
