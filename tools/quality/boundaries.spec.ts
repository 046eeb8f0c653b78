import { beforeAll, describe, expect, it } from '@jest/globals';

import { lintTexts, type LintedText } from './lint-texts.ts';

/** One line that must be refused where it stands, and the rule that has to say so. */
interface BadLine {
  readonly fact: string;
  readonly file: string;
  readonly code: string;
  readonly rule: string;
}

const NX = '@nx/enforce-module-boundaries';

const BAD: readonly BadLine[] = [
  { fact: 'an app imports an app', file: 'apps/vms/src/x.ts', code: `import '@infinibay/app-users';`, rule: NX },
  {
    fact: 'an app reaches into an app by path',
    file: 'apps/vms/src/x.ts',
    code: `import '../../users/src/index.js';`,
    rule: NX,
  },
  { fact: 'contracts import Nest', file: 'libs/contracts/src/x.ts', code: `import '@nestjs/common';`, rule: NX },
  {
    fact: 'contracts import a domain library',
    file: 'libs/contracts/src/x.ts',
    code: `import '@infinibay/vms-domain';`,
    rule: NX,
  },
  { fact: 'a domain imports Nest', file: 'libs/vms-domain/src/x.ts', code: `import '@nestjs/common';`, rule: NX },
  { fact: 'a domain imports Prisma', file: 'libs/vms-domain/src/x.ts', code: `import '@prisma/client';`, rule: NX },
  {
    fact: 'a domain imports the platform',
    file: 'libs/access-domain/src/x.ts',
    code: `import '@infinibay/platform-logging';`,
    rule: NX,
  },
  {
    fact: 'a domain reads files',
    file: 'libs/vms-domain/src/x.ts',
    code: `import 'node:fs/promises';`,
    rule: 'no-restricted-imports',
  },
  {
    fact: "a domain imports another part's domain",
    file: 'libs/vms-domain/src/x.ts',
    code: `import '@infinibay/firewall-domain';`,
    rule: NX,
  },
  {
    fact: 'the platform imports an app',
    file: 'libs/platform/access/src/x.ts',
    code: `import '@infinibay/app-users';`,
    rule: NX,
  },
  {
    fact: "the platform imports a part's domain",
    file: 'libs/platform/access/src/x.ts',
    code: `import '@infinibay/vms-domain';`,
    rule: NX,
  },
  {
    fact: 'a service other than the agent loads the native binding',
    file: 'apps/vms/src/x.ts',
    code: `import '@infinibay/libvirt';`,
    rule: NX,
  },
  {
    fact: 'the platform loads the native binding',
    file: 'libs/platform/access/src/x.ts',
    code: `import '@infinibay/libvirt';`,
    rule: NX,
  },
  {
    fact: "an app imports another part's domain",
    file: 'apps/users/src/x.ts',
    code: `import '@infinibay/vms-domain';`,
    rule: NX,
  },
  {
    fact: 'a library is imported below its index',
    file: 'apps/vms/src/x.ts',
    code: `import '@infinibay/contracts/src/model/vm.js';`,
    rule: 'no-restricted-imports',
  },
  {
    fact: 'a library is reached by path',
    file: 'apps/vms/src/x.ts',
    code: `import '../../../libs/contracts/src/index.js';`,
    rule: NX,
  },
  {
    fact: 'the product imports what is for tests',
    file: 'apps/vms/src/x.ts',
    code: `import '@infinibay/testing';`,
    rule: 'no-restricted-imports',
  },
  {
    fact: "the product imports the developer's tools",
    file: 'apps/vms/src/x.ts',
    code: `import '../../../tools/stack/nats.ts';`,
    rule: 'no-restricted-imports',
  },
  { fact: 'a package is used that is not declared', file: 'apps/vms/src/x.ts', code: `import 'iterare';`, rule: NX },
  {
    fact: 'configuration is read outside the configuration library',
    file: 'apps/vms/src/x.ts',
    code: `export const a = process.env['A'];`,
    rule: 'no-restricted-properties',
  },
  {
    fact: 'a value is any',
    file: 'apps/vms/src/x.ts',
    code: `export const a = (b: any): unknown => b;`,
    rule: '@typescript-eslint/no-explicit-any',
  },
  {
    fact: 'a cast goes through unknown',
    file: 'apps/vms/src/x.ts',
    code: `export const a = (b: string): number => b as unknown as number;`,
    rule: 'no-restricted-syntax',
  },
  {
    fact: 'a value is declared to be there',
    file: 'apps/vms/src/x.ts',
    code: `export const a = (b: string | null): string => b!;`,
    rule: '@typescript-eslint/no-non-null-assertion',
  },
  { fact: 'a service writes to the console', file: 'apps/vms/src/x.ts', code: `console.log(1);`, rule: 'no-console' },
  {
    fact: 'a file is longer than 400 lines',
    file: 'apps/vms/src/x.ts',
    code: 'export {};\n'.repeat(401),
    rule: 'max-lines',
  },
];

const GOOD: readonly Omit<BadLine, 'rule'>[] = [
  {
    fact: 'an app uses contracts, the platform and its own domain',
    file: 'apps/vms/src/x.ts',
    code: `import '@infinibay/contracts';\nimport '@infinibay/platform-config';\nimport '@infinibay/vms-domain';\nimport '@nestjs/common';`,
  },
  {
    fact: 'the agent loads the native binding',
    file: 'apps/hypervisor-agent/src/x.ts',
    code: `import '@infinibay/libvirt';\nimport '@infinibay/libvirt-xml';`,
  },
  {
    fact: 'the platform uses the access rules',
    file: 'libs/platform/access/src/x.ts',
    code: `import '@infinibay/access-domain';\nimport '@infinibay/platform-logging';`,
  },
  { fact: 'a domain uses contracts', file: 'libs/vms-domain/src/x.ts', code: `import '@infinibay/contracts';` },
  {
    fact: 'a spec uses what is for tests',
    file: 'apps/vms/src/x.int-spec.ts',
    code: `import '@infinibay/testing';\nimport '@jest/globals';\nexport const a = process.env['A'];`,
  },
];

let linted: readonly LintedText[];

beforeAll(async () => {
  linted = await lintTexts([...BAD, ...GOOD].map(({ file, code }) => ({ file, code })));
}, 120_000);

describe('lint refuses when', () => {
  it.each(BAD.map((bad, index) => [bad.fact, bad, index] as const))('%s', (_fact, bad, index) => {
    expect(linted[index]?.rules).toContain(bad.rule);
  });
});

describe('lint agrees when', () => {
  it.each(GOOD.map((good, index) => [good.fact, index + BAD.length] as const))('%s', (_fact, index) => {
    expect(linted[index]?.messages).toEqual([]);
  });
});
