import { describe, expect, it } from '@jest/globals';

import { circlesOf, folderImports } from './circles.ts';
import { treeOf } from './source-files.ts';

const app = (files: Readonly<Record<string, readonly string[]>>) =>
  folderImports(
    'vms',
    treeOf(
      Object.entries(files).map(([file, imports]) => ({
        file: `apps/vms/src/${file}`,
        text: imports.map((name) => `import '${name}';`).join('\n'),
      })),
    ).sources,
  );

describe(circlesOf, () => {
  it('finds none where imports go one way', () => {
    const imports = app({
      'a/one.ts': ['../b/two.js', '../c/three.js'],
      'b/two.ts': ['../c/three.js', './beside.js', 'pg'],
      'c/three.ts': [],
    });
    expect(imports).toHaveLength(3);
    expect(circlesOf(imports)).toEqual([]);
  });

  it('finds one over three folders and names the import that closes it, but not who only looks at it', () => {
    const imports = app({
      'a/one.ts': ['../b/two.js'],
      'a/more.ts': ['../b/two.js'],
      'b/two.ts': ['../c/deep/three.js'],
      'b/more.ts': ['../c/three.js'],
      'c/deep/three.ts': ['../../a/one.js'],
      'd/looks-on.ts': ['../a/one.js'],
    });
    expect(circlesOf(imports)).toEqual([
      {
        folders: ['a', 'b', 'c'],
        closing: [{ from: 'c', to: 'a', importer: 'c/deep/three.ts', imported: 'a/one.js' }],
      },
    ]);
  });

  it('keeps two circles apart', () => {
    const imports = app({
      'a/one.ts': ['../b/two.js'],
      'b/two.ts': ['../a/one.js', '../c/three.js'],
      'c/three.ts': ['../d/four.js'],
      'd/four.ts': ['../c/three.js'],
    });
    expect(circlesOf(imports).map(({ folders }) => folders)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('counts imports of types and exports, no specs, no files that compose the app, no generated code', () => {
    const text = (name: string): string => `import type { X } from '${name}';\nexport * from '${name}';`;
    const { sources } = treeOf([
      { file: 'apps/vms/src/a/one.ts', text: text('../b/two.js') },
      { file: 'apps/vms/src/b/two.spec.ts', text: text('../a/one.js') },
      { file: 'apps/vms/src/b/two.int-spec.ts', text: text('../a/one.js') },
      { file: 'apps/vms/src/testing/rig.ts', text: text('../a/one.js') },
      { file: 'apps/vms/src/app.module.ts', text: text('./a/one.js') },
      { file: 'apps/vms/src/b/two.ts', text: text('../generated/client.js') },
      { file: 'apps/users/src/b/two.ts', text: text('../a/one.js') },
    ]);
    expect(folderImports('vms', sources).map(({ from, to }) => `${from} ${to}`)).toEqual(['a b', 'a b']);
  });
});
