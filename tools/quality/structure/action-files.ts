import type { TextFile } from '../tracked-files.ts';
import { isGenerated, isTest } from './source-files.ts';

/** How code names an action of VMs, for those whose names mean nothing else in the tree. */
export const MEASURED_ACTIONS: Readonly<Record<string, RegExp>> = {
  // Also the power that it wishes for, FORCED_OFF.
  'force-off': /forced?[-_]?off/iu,
  // Without "Vm" it would be libvirt's own word, or English. A list of actions names its file.
  reboot: /reboot[-_]?vm|\/actions\/reboot\b|'\.\/reboot\.js'/iu,
};

/**
 * Files that name an action and that no other action would touch: what a published version says for ever, and a file of
 * one action that uses another (deleting, now or later, and going back to a snapshot, begin with cutting the power, a
 * shutdown may end with it).
 */
const TOUCHED_BY_NO_OTHER =
  /\.v\d+\.ts$|^libs\/vms-domain\/src\/actions\/(?:delete|revert-to-snapshot|shutdown|soft-delete|undelete)\.ts$/u;

const HAND_WRITTEN = /^(?:apps|libs|native)\/.*\.(?:ts|rs)$|^prisma\/.*\.prisma$/u;

/**
 * Hand-written files outside of the tests that name an action or carry its name: one more action beside it would have
 * to touch each. Migrations are written by a tool, and what stands in `tools` only uses the action.
 */
export const actionFiles = (name: RegExp, texts: readonly TextFile[]): readonly string[] =>
  texts
    .filter(({ file }) => HAND_WRITTEN.test(file) && !isGenerated(file) && !isTest(file))
    .filter(({ file }) => !TOUCHED_BY_NO_OTHER.test(file))
    .filter(({ file, text }) => name.test(text) || name.test(file))
    .map(({ file }) => file);

/** The measured action that most files name. */
export const widestAction = (
  texts: readonly TextFile[],
): { readonly action: string; readonly files: readonly string[] } =>
  Object.entries(MEASURED_ACTIONS)
    .map(([action, name]) => ({ action, files: actionFiles(name, texts) }))
    .reduce((a, b) => (b.files.length > a.files.length ? b : a));
