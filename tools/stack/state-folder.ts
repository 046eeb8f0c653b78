import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

import { repositoryRoot } from './layout.ts';
import { errnoOf, messageOf, StackError } from './stack-error.ts';

/** Says that everything in the folder is ours: a reset removes only a folder that has it. */
export const STATE_MARK = '.infinibay-state';

const MARK_TEXT = 'Infinibay keeps its state in this folder. npm run reset removes the folder with everything in it.\n';
/** Reserved for us in the checkout: set-up's logs and the compose files stood there before there was a mark. */
const DEFAULT_FOLDER = path.join(repositoryRoot, '.infinibay');
/** A file system's own, in a volume that was just made. */
const NOT_CONTENT = ['lost+found'];

const refuse = (stateDir: string, why: string): never => {
  throw new StackError(
    `${stateDir} can't be the state folder: ${why}; set INFINIBAY_STATE_DIR to a new or empty folder`,
  );
};

const lookAt = (file: string): Stats | undefined => {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw new StackError(`${file} can't be looked at: ${messageOf(error)}`, { cause: error });
  }
};

/** Where a path really leads, through links in its parents, though its last parts may not be there yet. */
const realPath = (file: string): string => {
  try {
    return realpathSync(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(realPath(parent), path.basename(file));
  }
};

const isInside = (inner: string, outer: string): boolean => {
  const relative = path.relative(outer, inner);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`));
};

const home = (): string => {
  try {
    return homedir();
  } catch {
    return '/'; // a uid without an entry in passwd and without HOME
  }
};

/** What else must stay is in these folders; no mark makes them ours. */
function refuseProtected(stateDir: string): void {
  const protectedFolders = [
    [home(), 'your home folder'],
    [repositoryRoot, 'the checkout'],
    [tmpdir(), "every program's temporary folder"],
  ] as const;
  const real = realPath(stateDir);
  if (real === path.parse(real).root) refuse(stateDir, 'it is the root of the file system');
  for (const [folder, what] of protectedFolders)
    if (isInside(realPath(folder), real)) refuse(stateDir, `it is or holds ${what}`);
}

const hasMark = (stateDir: string): boolean => lookAt(path.join(stateDir, STATE_MARK))?.isFile() === true;

/** A folder that a version without marks made: our secrets, and the records of our processes. */
function isOfOlderVersion(stateDir: string): boolean {
  try {
    const secrets: unknown = JSON.parse(readFileSync(path.join(stateDir, 'secrets.json'), 'utf8'));
    const ours = ['postgresPassword', 'databasePasswords', 'natsPasswords', 'internalKey', 'hostId'];
    const known = typeof secrets === 'object' && secrets !== null && ours.every((key) => key in secrets);
    return known && lookAt(path.join(stateDir, 'run'))?.isDirectory() === true;
  } catch {
    return false;
  }
}

const contentOf = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => !NOT_CONTENT.includes(name));
  } catch (error) {
    throw new StackError(`${folder} can't be read: ${messageOf(error)}`, { cause: error });
  }
};

type Finding = 'missing' | 'empty' | 'unmarked' | 'marked';

/** Writes nothing. @throws StackError for a folder that is not ours to write to or to remove */
export function checkStateFolder(stateDir: string): Finding {
  refuseProtected(stateDir);
  const found = lookAt(stateDir);
  if (found === undefined) return 'missing';
  if (found.isSymbolicLink()) refuse(stateDir, 'it is a symbolic link');
  if (!found.isDirectory()) refuse(stateDir, 'it is no folder');
  if (hasMark(stateDir)) return 'marked';
  if (contentOf(stateDir).length === 0) return 'empty';
  if (stateDir !== DEFAULT_FOLDER && !isOfOlderVersion(stateDir))
    refuse(stateDir, `it holds files that are not Infinibay's (there is no ${STATE_MARK} in it)`);
  return 'unmarked';
}

function writeMark(stateDir: string): void {
  writeFileSync(path.join(stateDir, STATE_MARK), MARK_TEXT, { mode: 0o644 });
}

/** Makes the folder ours before anything else is written to it. @throws StackError */
export function claimStateFolder(stateDir: string): void {
  const finding = checkStateFolder(stateDir);
  if (finding === 'marked') return;
  try {
    mkdirSync(stateDir, { recursive: true });
    writeMark(stateDir);
  } catch (error) {
    // It was taken for ours without the mark: set-up runs as a user to whom root's folder may be closed.
    if (finding === 'unmarked' && ['EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return;
    throw new StackError(`${stateDir} can't be made the state folder: ${messageOf(error)}`, { cause: error });
  }
}

/** Removes a folder of ours. The mark goes last, so that a removal that was cut off can be done again. @throws StackError */
export function removeStateFolder(stateDir: string): void {
  const finding = checkStateFolder(stateDir);
  if (finding === 'missing') return;
  try {
    if (finding === 'unmarked') writeMark(stateDir);
    for (const name of contentOf(stateDir))
      if (name !== STATE_MARK) rmSync(path.join(stateDir, name), { recursive: true, force: true });
    rmSync(path.join(stateDir, STATE_MARK), { force: true });
    rmdirSync(stateDir);
  } catch (error) {
    // A mounted volume stays, empty.
    if (['EBUSY', 'ENOTEMPTY'].includes(errnoOf(error) ?? '') && contentOf(stateDir).length === 0) return;
    throw new StackError(`${stateDir} can't be removed: ${messageOf(error)}`, { cause: error });
  }
}
