import { describe, expect, it } from '@jest/globals';

import type { TextFile } from '../tracked-files.ts';
import { isMet, type Goal } from './goals.ts';
import { LIMITS, reportOf } from './report.ts';
import { tableOf } from './table.ts';

const lines = (word: string, count: number): string =>
  Array.from({ length: count }, (_, n) => `export const ${word}${String(n)} = ${String(n)};\n`).join('');

const manifest = (...names: readonly string[]): string =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, '*'])) });

/** A tree that meets every goal. */
const GOOD: Readonly<Record<string, string>> = {
  'package.json': manifest('pg', 'jest'),
  'apps/users/package.json': manifest(),
  'apps/users/src/main.ts': `import 'pg';\n${lines('main', 19)}`,
  'apps/users/src/main.spec.ts': lines('spec', 8),
  'apps/vms/src/vms/force-off.ts': lines('forceOff', 10),
  'apps/vms/src/vms/force-off.int-spec.ts': lines('forceOff', 6),
  'native/libvirt-core/src/lib.rs': lines('rust', 3),
};

const USED_BY_NAME = { jest: 'the runner' };

const report = (changes: Readonly<Record<string, string>> = {}) =>
  reportOf(
    Object.entries({ ...GOOD, ...changes }).map(([file, text]): TextFile => ({ file, text })),
    USED_BY_NAME,
  );

/** The only goal that a change makes miss. */
function missed(changes: Readonly<Record<string, string>>): Goal {
  const [one, ...others] = report(changes).goals.filter((goal) => !isMet(goal));
  if (one === undefined || others.length > 0)
    throw new Error(`more or less than one is missed: ${others.map(({ name }) => name).join()}`);
  return one;
}

describe(reportOf, () => {
  it('finds nothing missed in a good tree', () => {
    expect(report().goals.filter((goal) => !isMet(goal))).toEqual([]);
  });

  it('measures files and functions', () => {
    const body = '  now();\n'.repeat(4);
    const { sizes } = report({
      'libs/x/src/x.ts': `export function six(): void {\n${body}}\nconst one = (): number => 1;\nclass A {\n  get b() {\n    return 1;\n  }\n}\n`,
      'libs/x/src/x.spec.ts': `it('is', () => {\n${body}});\n`,
      'libs/x/src/generated/y.ts': lines('y', 500),
    });
    expect(sizes['lines per file, TypeScript']).toEqual({
      count: 3,
      median: 12,
      p95: 20,
      longest: { place: 'apps/users/src/main.ts', lines: 20 },
    });
    expect(sizes['lines per function, TypeScript']).toEqual({
      count: 2,
      median: 3,
      p95: 6,
      longest: { place: 'libs/x/src/x.ts:1', lines: 6 },
    });
    expect(sizes['lines per file, Rust']).toMatchObject({ count: 1, median: 3 });
  });

  it('misses a goal for a long file and for a long function', () => {
    expect(missed({ 'tools/x.ts': lines('x', LIMITS.fileLines + 1) })).toMatchObject({
      name: 'longest file, lines',
      value: LIMITS.fileLines + 1,
      details: ['tools/x.ts'],
    });
    const long = `\nexport const long = () => {\n${lines('x', LIMITS.functionLines - 1)}};\n`;
    expect(missed({ 'tools/x.ts': long })).toMatchObject({
      name: 'longest function, lines',
      value: LIMITS.functionLines + 1,
      details: ['tools/x.ts:2'],
    });
  });

  it('misses a goal for a circle, and tells the folders and the imports', () => {
    const circle = missed({
      'apps/users/src/a/one.ts': "import '../b/two.js';\nimport '../b/three.js';\n",
      'apps/users/src/b/two.ts': "import '../a/one.js';\n",
      'apps/users/src/b/two.spec.ts': lines('two', 4),
    });
    expect(circle).toMatchObject({
      name: 'folders in circles, users',
      value: 2,
      details: ['a <-> b', '  closed by b -> a: b/two.ts -> a/one.js'],
    });
  });

  it('misses a goal for an action in too many hand-written files', () => {
    const touched = {
      'libs/contracts/src/a.ts': 'forceOffVm',
      'libs/contracts/src/b.ts': 'FORCE_OFF_VM',
      'libs/vms-domain/src/c.ts': "'force-off'",
      'native/libvirt-core/src/d.rs': 'force_off',
      'prisma/vms/schema/e.prisma': 'FORCED_OFF',
    };
    const untouched = {
      'prisma/vms/migrations/1/migration.sql': 'FORCE_OFF_VM',
      'apps/users/src/generated/f.ts': 'forceOffVm',
      'libs/x/src/g.spec.ts': 'forceOffVm',
      'libs/testing/src/h.ts': 'forceOffVm',
      'tools/demo/i.ts': 'forceOffVm',
      'docs/j.md': 'forceOffVm',
      'libs/x/src/k.ts': '// turned off by force',
      'libs/contracts/src/model/operation.v1.ts': 'FORCE_OFF_VM',
      'libs/vms-domain/src/actions/delete.ts': "'force-off'",
    };
    expect(report({ ...touched, ...untouched }).goals.filter((goal) => !isMet(goal))).toEqual([]);
    const one = missed({ ...touched, ...untouched, 'libs/x/src/l.ts': 'forceOffVm' });
    expect(one).toMatchObject({ name: 'files that an action touches', value: LIMITS.actionFiles + 1 });
    expect(one.details).toContain('  libs/x/src/l.ts');
  });

  it('misses a goal for an app with few specs, and asks vms for more', () => {
    expect(missed({ 'apps/users/src/main.spec.ts': lines('spec', 7) })).toMatchObject({
      name: 'spec lines / source lines, users',
      value: 0.35,
    });
    expect(missed({ 'apps/vms/src/vms/force-off.int-spec.ts': lines('spec', 5) })).toMatchObject({
      name: 'spec lines / source lines, vms',
      value: 0.5,
    });
  });

  it('takes what specs use for neither specs nor source', () => {
    const support = { 'apps/vms/src/testing/rig.ts': lines('rig', 90), 'apps/vms/src/a.fixture.ts': lines('a', 90) };
    expect(report(support).goals.filter((goal) => !isMet(goal))).toEqual([]);
    expect(missed({ ...support, 'apps/vms/src/vms/force-off.int-spec.ts': lines('spec', 5) }).value).toBe(0.5);
  });

  it('misses a goal for copies', () => {
    const copied = lines('copied', 30).replace(/ = \d+/gu, '');
    expect(missed({ 'libs/x/src/a.ts': copied, 'libs/x/src/b.ts': copied })).toMatchObject({
      name: 'copied lines, %',
      details: ['30 lines: libs/x/src/b.ts:1 as libs/x/src/a.ts:1'],
    });
  });

  it('misses a goal for a dependency that is imported nowhere, or only by somebody else', () => {
    expect(missed({ 'package.json': manifest('pg', 'jest', 'left-pad') })).toMatchObject({
      name: 'unused dependencies',
      details: ['package.json: left-pad'],
    });
    expect(missed({ 'apps/vms/package.json': manifest('pg') }).details).toEqual(['apps/vms/package.json: pg']);
  });
});

describe(tableOf, () => {
  it('says which goals are missed and why', () => {
    expect(tableOf(report())).toMatch(/\nevery goal is met\n$/u);
    const table = tableOf(report({ 'package.json': manifest('pg', 'left-pad') }));
    expect(table).toMatch(/^unused dependencies +1 +<= 0 +MISSED$/mu);
    expect(table).toMatch(/^folders in circles, vms +0 +<= 0 +met$/mu);
    expect(table).toMatch(/\nunused dependencies:\n {2}package\.json: left-pad\n\nmissed: unused dependencies\n$/u);
  });
});
