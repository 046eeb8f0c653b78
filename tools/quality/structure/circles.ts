import path from 'node:path';

import { specifiersOf, type SourceFile } from './source-files.ts';

/** An import that goes from one feature folder of an app to another. */
export interface FolderImport {
  readonly from: string;
  readonly to: string;
  /** File and what it imports, below the app's `src`. */
  readonly importer: string;
  readonly imported: string;
}

export interface Circle {
  readonly folders: readonly string[];
  /** The imports without which no circle is left, as few as the order that was found allows. */
  readonly closing: readonly FolderImport[];
}

/** Imports between the folders directly below `src`; files beside them compose the app and belong to no folder. */
export function folderImports(app: string, sources: readonly SourceFile[]): readonly FolderImport[] {
  const root = `apps/${app}/src/`;
  const folderOf = (file: string): string | undefined => /^([^/]+)\//u.exec(file)?.[1];
  return sources
    .filter(({ file }) => file.startsWith(root))
    .flatMap(({ file, text }) => {
      const importer = file.slice(root.length);
      return specifiersOf(text)
        .filter((name) => name.startsWith('.'))
        .flatMap((name) => {
          const imported = path.posix.join(path.posix.dirname(importer), name);
          const [from, to] = [folderOf(importer), folderOf(imported)];
          if (from === undefined || to === undefined || [from, '..', 'generated'].includes(to)) return [];
          return [{ from, to, importer, imported }];
        });
    });
}

/** Every folder that can be reached, the first one only by a way that comes back. */
function reachable(start: string, imports: readonly FolderImport[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const { from, to } of imports)
      if (from === at && !seen.has(to)) {
        seen.add(to);
        open.push(to);
      }
  return seen;
}

/** Takes first the folder that imports least of those that are left: what imports a later one closes a circle. */
function closingImports(folders: readonly string[], imports: readonly FolderImport[]): readonly FolderImport[] {
  const left = new Set(folders);
  const closing: FolderImport[] = [];
  while (left.size > 0) {
    const inside = imports.filter(({ from, to }) => left.has(from) && left.has(to));
    const outgoing = (folder: string): readonly FolderImport[] => inside.filter(({ from }) => from === folder);
    const incoming = (folder: string): number => inside.filter(({ to }) => to === folder).length;
    const [lowest] = [...left].sort(
      (a, b) => outgoing(a).length - outgoing(b).length || incoming(b) - incoming(a) || a.localeCompare(b),
    );
    if (lowest === undefined) break;
    closing.push(...outgoing(lowest));
    left.delete(lowest);
  }
  return closing;
}

/** Sets of folders each of which reaches all the others of its set. */
export function circlesOf(imports: readonly FolderImport[]): readonly Circle[] {
  const reach = new Map([...new Set(imports.map(({ from }) => from))].map((one) => [one, reachable(one, imports)]));
  const circles = new Map<string, Circle>();
  for (const [folder, reached] of reach) {
    if (!reached.has(folder)) continue;
    const folders = [...reached].filter((other) => reach.get(other)?.has(folder) === true).sort();
    const inside = imports.filter(({ from, to }) => folders.includes(from) && folders.includes(to));
    circles.set(folders.join(), { folders, closing: closingImports(folders, inside) });
  }
  return [...circles.values()];
}
