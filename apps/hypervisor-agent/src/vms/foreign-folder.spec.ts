import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closedFolder, removeForeign } from './foreign-folder.js';

const NOBODY = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

describe('a folder in which another user writes', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ib-foreign-'));
    chmodSync(root, 0o711);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const made = (...names: string[]): string => {
    const folder = join(root, ...names);
    mkdirSync(folder, { recursive: true });
    if (isRoot) chownSync(folder, NOBODY.uid, NOBODY.gid);
    return folder;
  };

  it('goes with all that is in it, and with nothing that its links lead to', async () => {
    const kept = join(root, 'kept');
    mkdirSync(kept);
    writeFileSync(join(kept, 'file'), 'content');
    const folder = made('vnc');
    made('vnc', 'socket', 'deep');
    // Not even root's own process lists it without the right of root.
    chmodSync(made('vnc', 'closed'), 0o000);
    symlinkSync(kept, join(folder, 'socket', 'link'));
    const before = lstatSync(kept);
    await removeForeign(folder);
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(join(kept, 'file'))).toBe(true);
    expect(lstatSync(kept)).toMatchObject({ mode: before.mode, uid: before.uid });
    await removeForeign(folder);
  });

  it('goes also when it is a file', async () => {
    const file = join(root, 'vnc');
    writeFileSync(file, '');
    await removeForeign(file);
    expect(existsSync(file)).toBe(false);
  });
});

describe('the way to a folder', () => {
  let root: string;
  let folder: string;
  beforeEach(() => {
    // Not in the folder of the run, which lets nobody else pass.
    root = mkdtempSync('/tmp/ib-way-');
    folder = join(root, 'above', 'screens');
    mkdirSync(folder, { recursive: true });
    for (const at of [root, join(root, 'above'), folder]) chmodSync(at, 0o711);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

  it('is open to whom each folder on it lets search', async () => {
    expect(await closedFolder(folder, NOBODY)).toBeUndefined();
  });

  it.each([
    ['the folder itself', ['above', 'screens']],
    ['one above', ['above']],
  ])('ends for another user at %s that only its owner may search', async (_what, names) => {
    const closed = join(root, ...names);
    chmodSync(closed, 0o700);
    expect(await closedFolder(folder, NOBODY)).toBe(closed);
    expect(await closedFolder(folder, own)).toBeUndefined();
  });

  it('goes by the group of whom it is for', async () => {
    chmodSync(folder, 0o710);
    expect(await closedFolder(folder, { ...NOBODY, gid: own.gid })).toBeUndefined();
    chmodSync(folder, 0o701);
    expect(await closedFolder(folder, { ...NOBODY, gid: own.gid })).toBe(folder);
    expect(await closedFolder(folder, NOBODY)).toBeUndefined();
  });

  it('is that of the folders themselves, not of a link to them', async () => {
    const link = join(root, 'link');
    symlinkSync(join(root, 'above'), link);
    chmodSync(join(root, 'above'), 0o700);
    expect(await closedFolder(join(link, 'screens'), NOBODY)).toBe(join(root, 'above'));
  });

  it('is open to root', async () => {
    chmodSync(folder, 0o000);
    expect(await closedFolder(folder, { uid: 0, gid: 0 })).toBeUndefined();
  });
});
