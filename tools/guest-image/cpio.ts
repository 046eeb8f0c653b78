/** A file, folder or device in an initramfs. */
export interface CpioEntry {
  /** Without a leading slash. */
  readonly path: string;
  /** Type and permission bits, as in st_mode. */
  readonly mode: number;
  readonly content?: Buffer;
  readonly device?: { readonly major: number; readonly minor: number };
}

export const fileMode = (permissions: number): number => 0o100000 | permissions;
export const folderMode = 0o040755;
export const characterDeviceMode = 0o020600;

function padTo4(buffer: Buffer): Buffer {
  return Buffer.concat([buffer, Buffer.alloc((4 - (buffer.length % 4)) % 4)]);
}

function member(entry: CpioEntry, inode: number): Buffer {
  const content = entry.content ?? Buffer.alloc(0);
  const name = Buffer.from(`${entry.path}\0`);
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const numbers = [
    inode,
    entry.mode,
    0,
    0,
    1,
    0,
    content.length,
    0,
    0,
    entry.device?.major ?? 0,
    entry.device?.minor ?? 0,
    name.length,
    0,
  ];
  const header = Buffer.from(`070701${numbers.map((value) => value.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padTo4(Buffer.concat([header, name])), padTo4(content)]);
}

/**
 * The "newc" cpio archive that Linux unpacks at boot. Owner 0, time 0 and inode numbers by position, so that equal entries
 * give equal bytes; parent folders are added where the list has none.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const all = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      if (!all.has(folder)) all.set(folder, { path: folder, mode: folderMode });
    }
    all.set(entry.path, entry);
  }
  const trailer: CpioEntry = { path: 'TRAILER!!!', mode: 0 };
  return Buffer.concat([...all.values(), trailer].map((entry, index) => member(entry, index + 1)));
}
