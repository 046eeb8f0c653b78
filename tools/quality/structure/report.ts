import type { TextFile } from '../tracked-files.ts';
import { widestAction } from './action-files.ts';
import { circlesOf, folderImports, type FolderImport } from './circles.ts';
import { copiedPercent, copiesOf } from './copies.ts';
import type { Goal } from './goals.ts';
import { filesOf, functionsOf, sizesOf, type Sizes } from './sizes.ts';
import { appsOf, treeOf, type SourceFile, type Tree } from './source-files.ts';
import { specShare } from './spec-share.ts';
import { unusedDependencies } from './unused-dependencies.ts';

export const LIMITS = {
  fileLines: 400,
  functionLines: 60,
  actionFiles: 6,
  copiedPercent: 1,
  specShare: 0.4,
  /** Apps that hold the most state need more. */
  specShareOf: { vms: 0.6 } as Readonly<Record<string, number>>,
} as const;

export interface Report {
  readonly sizes: Readonly<Record<string, Sizes>>;
  readonly goals: readonly Goal[];
}

const SHOWN_IMPORTS = 3;

/** One line a pair of folders, with some of the imports between them. */
function pairs(imports: readonly FolderImport[]): readonly string[] {
  const grouped = Map.groupBy(imports, ({ from, to }) => `${from} -> ${to}`);
  return [...grouped].map(([pair, all]) => {
    const shown = all.slice(0, SHOWN_IMPORTS).map(({ importer, imported }) => `${importer} -> ${imported}`);
    const more = all.length > shown.length ? `, and ${String(all.length - shown.length)} more` : '';
    return `  closed by ${pair}: ${shown.join(', ')}${more}`;
  });
}

function circleGoal(app: string, sources: readonly SourceFile[]): Goal {
  const circles = circlesOf(folderImports(app, sources));
  return {
    name: `folders in circles, ${app}`,
    value: circles.reduce((sum, { folders }) => sum + folders.length, 0),
    limit: 0,
    good: 'at most',
    details: circles.flatMap(({ folders, closing }) => [folders.join(' <-> '), ...pairs(closing)]),
  };
}

const specGoal = (app: string, tree: Tree): Goal => ({
  name: `spec lines / source lines, ${app}`,
  value: specShare(app, tree),
  limit: LIMITS.specShareOf[app] ?? LIMITS.specShare,
  good: 'at least',
  details: [],
});

function sizeGoals({ longest: file }: Sizes, { longest: one }: Sizes): readonly Goal[] {
  const goal = { good: 'at most' } as const;
  return [
    { ...goal, name: 'longest file, lines', value: file.lines, limit: LIMITS.fileLines, details: [file.place] },
    { ...goal, name: 'longest function, lines', value: one.lines, limit: LIMITS.functionLines, details: [one.place] },
  ];
}

/** Measures a tree: its sizes, and each goal with what makes it up. */
export function reportOf(texts: readonly TextFile[], usedByName: Readonly<Record<string, string>>): Report {
  const tree = treeOf(texts);
  const files = sizesOf(filesOf(tree.sources));
  const functions = sizesOf(tree.sources.flatMap(functionsOf));
  const { action, files: touched } = widestAction(texts);
  const copies = copiesOf(tree.sources);
  const unused = unusedDependencies(texts, usedByName);
  const most = { good: 'at most' } as const;
  return {
    sizes: {
      'lines per file, TypeScript': files,
      'lines per function, TypeScript': functions,
      'lines per file, Rust': sizesOf(filesOf(tree.rust)),
    },
    goals: [
      ...sizeGoals(files, functions),
      ...appsOf(tree).map((app) => circleGoal(app, tree.sources)),
      {
        ...most,
        name: 'files that an action touches',
        value: touched.length,
        limit: LIMITS.actionFiles,
        details: [`${action}:`, ...touched.map((file) => `  ${file}`)],
      },
      ...appsOf(tree).map((app) => specGoal(app, tree)),
      {
        ...most,
        name: 'copied lines, %',
        value: copiedPercent(copies, tree.sources),
        limit: LIMITS.copiedPercent,
        details: copies.map(({ first, again, lines }) => `${String(lines)} lines: ${again} as ${first}`),
      },
      { ...most, name: 'unused dependencies', value: unused.length, limit: 0, details: unused },
    ],
  };
}
