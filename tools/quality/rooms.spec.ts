import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { lintTexts, type LintedText } from './lint-texts.ts';
import { appsOf, treeOf } from './structure/source-files.ts';
import { trackedTexts } from './tracked-files.ts';

const RULE = 'infinibay-rooms/order';
const AGENT = 'apps/hypervisor-agent/src';
const readJson = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const order = new Map(Object.entries(z.record(z.string(), z.array(z.array(z.string()))).parse(readJson('rooms.json'))));

const BAD: readonly (readonly [fact: string, file: string, code: string])[] = [
  ['a lower room imports a higher one', `${AGENT}/disks/x.ts`, `import '../vms/vm.service.js';`],
  ['two rooms of one line import each other', `${AGENT}/disks/x.ts`, `import '../filters/filter.service.js';`],
  [
    'only a type is imported',
    `${AGENT}/disks/x.ts`,
    `import type { A } from '../vms/a.js';\nexport const a = (b: A): A => b;`,
  ],
  ['a type is imported where it is used', `${AGENT}/disks/x.ts`, `export type A = import('../vms/a.js').A;`],
  ['a name is exported on', `${AGENT}/disks/x.ts`, `export { a } from '../vms/a.js';`],
  ['everything is exported on', `${AGENT}/disks/x.ts`, `export * from '../vms/a.js';`],
  ['the import is made later', `${AGENT}/disks/x.ts`, `export const a = () => import('../vms/a.js');`],
  ['the import is made later of a template', `${AGENT}/disks/x.ts`, 'export const a = () => import(`../vms/a.js`);'],
  ['the target is computed', `${AGENT}/disks/x.ts`, `export const a = (b: string) => import('../' + b);`],
  ['the import is an assignment', `${AGENT}/disks/x.ts`, `import a = require('../vms/a.js');\nexport const b = a;`],
  ['the file stands deep in its room', `${AGENT}/disks/deep/x.ts`, `import '../../vms/a.js';`],
  ['the way leads through another room', `${AGENT}/disks/x.ts`, `import '../work/../vms/a.js';`],
  ['a room has no place in the order', `${AGENT}/storage/x.ts`, `export const a = 1;`],
  ['a room without a place is imported', `${AGENT}/disks/x.ts`, `import '../testing/a.js';`],
  ['a file beside the rooms hands one on', `${AGENT}/config.ts`, `export * from './vms/a.js';`],
  ['a room imports what composes the app', `${AGENT}/disks/x.ts`, `import '../app.module.js';`],
  ['a file beside the rooms imports what composes the app', `${AGENT}/config.ts`, `import './app.module.js';`],
];

const GOOD: readonly (readonly [fact: string, file: string, code: string])[] = [
  [
    'a room imports a lower one, itself, and what stands beside the rooms',
    `${AGENT}/disks/x.ts`,
    `import '../domains/domain.repository.js';\nimport './disk-check.js';\nimport '../config.js';`,
  ],
  ['the app is composed of its rooms', `${AGENT}/app.module.ts`, `import './vms/vms.module.js';`],
  ['a service starts what is composed', `${AGENT}/main.ts`, `import './app.module.js';`],
  ['a room imports generated code', `${AGENT}/disks/x.ts`, `import '../generated/prisma/client.js';`],
  ['a spec looks into a higher room', `${AGENT}/disks/x.spec.ts`, `import '../vms/vm.service.js';`],
  ['a rig of specs is composed of all rooms', `${AGENT}/agent.fixture.ts`, `import './vms/vm.service.js';`],
];

/** For each app: its lowest room imports its highest. */
const UPWARD = [...order].map(([app, lines]) => {
  const [from, to] = [lines.at(0)?.at(0) ?? '', lines.at(-1)?.at(0) ?? ''];
  return [app, `apps/${app}/src/${from}/x.ts`, `import '../${to}/y.js';`] as const;
});

let linted: readonly LintedText[];

beforeAll(async () => {
  linted = await lintTexts([...BAD, ...GOOD, ...UPWARD].map(([, file, code]) => ({ file, code })));
}, 120_000);

describe('lint refuses when', () => {
  it.each(BAD.map(([fact], index) => [fact, index] as const))('%s', (_fact, index) => {
    expect(linted[index]?.rules).toContain(RULE);
  });

  it.each(UPWARD.map(([app], index) => [app, index + BAD.length + GOOD.length] as const))(
    'the lowest room of %s imports the highest',
    (_app, index) => {
      expect(linted[index]?.rules).toEqual([RULE]);
    },
  );
});

describe('lint agrees when', () => {
  it.each(GOOD.map(([fact], index) => [fact, index + BAD.length] as const))('%s', (_fact, index) => {
    expect(linted[index]?.messages).toEqual([]);
  });
});

describe('the order of rooms', () => {
  const tree = treeOf(trackedTexts());

  it('names the rooms that each app has, and no others', () => {
    const roomsOf = (app: string): string[] => {
      const prefix = `apps/${app}/src/`;
      const below = tree.sources.flatMap(({ file }) => (file.startsWith(prefix) ? [file.slice(prefix.length)] : []));
      return [...new Set(below.flatMap((file) => /^([^/]+)\//u.exec(file)?.[1] ?? []))].sort();
    };
    for (const [app, lines] of order) expect({ app, rooms: lines.flat().sort() }).toEqual({ app, rooms: roomsOf(app) });
  });

  it('is declared for each app whose rooms form no circle', () => {
    const missed = z.record(z.string(), z.number()).parse(readJson('structure/missed.json'));
    const without = appsOf(tree).filter((app) => missed[`folders in circles, ${app}`] === undefined);
    expect([...order.keys()].sort()).toEqual(without);
  });
});
