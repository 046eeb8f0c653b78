import { describe, expect, it } from '@jest/globals';

import {
  deadLinks,
  longReadmes,
  longSources,
  machinePaths,
  missingReadmes,
  registryHosts,
  vagueNames,
} from './doc-rules.ts';

const one = (file: string, text: string) => [{ file, text }];

describe('rules of tracked files refuse', () => {
  it("an app's README over forty lines, or none", () => {
    expect(longReadmes(one('apps/vms/README.md', 'x\n'.repeat(41)))).toHaveLength(1);
    expect(longReadmes(one('apps/vms/README.md', 'x\n'.repeat(40)))).toEqual([]);
    expect(missingReadmes(['apps/vms/package.json', 'apps/users/README.md'])).toEqual([
      'apps/vms/README.md is missing',
    ]);
  });

  it('a link to a file that is not there', () => {
    const files = ['docs/a.md', 'docs/decisions/1.md', 'README.md'];
    expect(
      deadLinks(
        one('docs/a.md', '[up](../README.md) [folder](decisions) [web](https://example.org/x) [part](#part)'),
        files,
      ),
    ).toEqual([]);
    expect(deadLinks(one('docs/a.md', 'text\n[gone](b.md#part)'), files)).toEqual([
      'docs/a.md:2: link to b.md leads nowhere',
    ]);
  });

  it('the path of one machine', () => {
    expect(machinePaths(one('a.ts', `const a = '/root/x';`))).toHaveLength(1);
    expect(machinePaths(one('a.prisma', `output = "/work/x"`))).toHaveLength(1);
    expect(machinePaths(one('a.ts', `const a = 'apps/network/x';`))).toEqual([]);
  });

  it('the address of a private package registry', () => {
    expect(
      registryHosts(one('package-lock.json', '"resolved": "https://npm-registry.example.org/a.tgz"')),
    ).toHaveLength(1);
    expect(registryHosts(one('package-lock.json', '"resolved": "https://registry.npmjs.org/a/-/a.tgz"'))).toEqual([]);
  });

  it('a name that would take anything in', () => {
    expect(vagueNames(['apps/vms/src/utils.ts', 'libs/common/src/x.ts', 'libs/x/src/common-settings.ts'])).toHaveLength(
      2,
    );
  });

  it('a long source of a language without a linter of ours', () => {
    expect(longSources(one('native/a.rs', 'x\n'.repeat(401)))).toHaveLength(1);
  });
});
