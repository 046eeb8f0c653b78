import { describe, expect, it } from '@jest/globals';

import { libraryReadmes } from './library-readmes.ts';

const tree = (
  readme: string | undefined,
  source = "import { x } from '@infinibay/platform-access';\nexport const can = x;",
) =>
  [
    { file: 'libs/rules/package.json', text: '{}' },
    { file: 'libs/rules/src/rules.ts', text: source },
    { file: 'libs/rules/src/rules.spec.ts', text: "import { y } from '@infinibay/testing';" },
    ...(readme === undefined ? [] : [{ file: 'libs/rules/README.md', text: readme }]),
  ] as const;
const README = '# Rules\n\nWho may what.\n\n- `can(actor)`: the function\n\nUses `access`. For all.\n';

describe(libraryReadmes.name, () => {
  it('are right when they name what is there and what is used', () => {
    expect(libraryReadmes(tree(README))).toEqual([]);
    expect(libraryReadmes(tree('- `can`: it\n\nUses nothing of ours.\n', 'export const can = 1;'))).toEqual([]);
  });

  it('count what the library of rigs uses, which is called testing itself', () => {
    const rigs = tree('- `can`: it\n\nUses nothing of ours.\n').map(({ file, text }) => ({
      file: file.replace('libs/rules', 'libs/testing'),
      text,
    }));
    expect(libraryReadmes(rigs)).toEqual(['libs/testing/README.md: it uses access and not ']);
  });

  it.each([
    ['missing', undefined, 'libs/rules/README.md is missing'],
    ['silent', '# Rules\n', 'libs/rules/README.md: it uses access and not (unsaid)'],
    ['short of one', README.replace('`access`', 'nothing of ours'), 'libs/rules/README.md: it uses access and not '],
    [
      'too long by one',
      README.replace('`access`', '`access`, `work`'),
      'libs/rules/README.md: it uses access and not access, work',
    ],
    ['out of date', README.replace('can(', 'may('), 'libs/rules/README.md: there is no may'],
  ])('are told when they are %s', (_what, readme, problem) => {
    expect(libraryReadmes(tree(readme))).toEqual([problem]);
  });
});
