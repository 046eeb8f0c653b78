import { randomUUID } from 'node:crypto';
import type { Actor, VmState } from '@infinibay/contracts';
import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient, createDatabase } from '../database.js';
import type { Vm, VmMetadata } from '../generated/prisma/client.js';
import { VmMetadataBackfill } from './vm-metadata.backfill.js';
import { departmentOf, hostOf, idOf, imageOf, insertVms, ownerOf, templateOf } from '../testing/many-vms.js';
import { VmsUnderTest, admin, memberOf } from '../testing/vms-under-test.js';

const COUNT = 240;
const LIST = `query ($first: Int!, $after: String, $filter: VmFilter, $orderBy: VmOrder) {
  vms(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes { id } totalCount pageInfo { endCursor hasNextPage } } }`;
const OF_DEPARTMENT = `query ($of: [_Any!]!, $filter: VmFilter, $orderBy: VmOrder) {
  _entities(representations: $of) { ... on Department { vms(first: 200, filter: $filter, orderBy: $orderBy) { nodes { id } totalCount } } } }`;

type Row = Vm & { metadata: VmMetadata | null };
interface Page {
  readonly nodes: { readonly id: string }[];
  readonly totalCount: number;
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

const STATE_ORDER: readonly VmState[] = [
  'BUILDING',
  'STARTING',
  'RUNNING',
  'STOPPING',
  'STOPPED',
  'ERROR',
  'DELETING',
  'DELETED',
  'PAUSED',
];
/** What each sort compares, told in another way than SQL. */
const KEYS: Readonly<Record<string, (row: Row) => number | string | bigint>> = {
  CREATED_AT: (row) => row.createdAt.getTime(),
  NAME: (row) => row.name,
  STATE: (row) => STATE_ORDER.indexOf(row.state),
  VCPUS: (row) => row.vcpus,
  MEMORY: (row) => row.memoryMib,
  DISK: (row) => row.diskBytes,
  DEPARTMENT: (row) => row.departmentId,
};
const DIRECTIONS = { ASC: 1, DESC: -1 } as const;

const tagsOf = (row: Row): readonly string[] => row.metadata?.tags ?? [];
const textOf = (row: Row): string => `${row.name}\n${row.metadata?.description ?? ''}`.toLowerCase();
const FILTERS: readonly (readonly [object, (row: Row) => boolean])[] = [
  [{}, () => true],
  [{ states: ['STOPPED'] }, (row) => row.state === 'STOPPED'],
  [{ states: ['ERROR', 'PAUSED'] }, (row) => row.state === 'ERROR' || row.state === 'PAUSED'],
  [{ departmentIds: [departmentOf(3)] }, (row) => row.departmentId === departmentOf(3)],
  [{ departmentIds: [3, 4].map(departmentOf) }, (row) => [3, 4].map(departmentOf).includes(row.departmentId)],
  [{ ownerIds: [ownerOf(5)] }, (row) => row.ownerId === ownerOf(5)],
  [{ hostIds: [hostOf(5), hostOf(6)] }, (row) => [5, 6].map(hostOf).includes(row.hostId)],
  [{ imageIds: [imageOf(5)] }, (row) => row.imageId === imageOf(5)],
  [{ templateIds: [templateOf(3)] }, (row) => row.templateId === templateOf(3)],
  [{ tagsAllOf: ['env:prod'] }, (row) => tagsOf(row).includes('env:prod')],
  [{ tagsAllOf: ['ENV:PROD', 'team-5'] }, (row) => ['env:prod', 'team-5'].every((tag) => tagsOf(row).includes(tag))],
  [{ tagsAnyOf: ['team-5', 'Team-6'] }, (row) => ['team-5', 'team-6'].some((tag) => tagsOf(row).includes(tag))],
  [{ deletionScheduled: true }, (row) => row.purgeAt !== null],
  [{ deletionScheduled: false, states: ['RUNNING'] }, (row) => row.purgeAt === null && row.state === 'RUNNING'],
  [{ namePrefix: 'front' }, (row) => row.name.startsWith('front')],
  [{ namePrefix: 'front-1' }, (row) => row.name.startsWith('front-1')],
  [{ text: 'TEAM 1' }, (row) => textOf(row).includes('team 1')],
  [{ text: '-7' }, (row) => textOf(row).includes('-7')],
  [{ text: 'x' }, (row) => textOf(row).includes('x')],
  [{ text: '%' }, () => false],
  [{ text: '_' }, () => false],
  [
    { states: ['RUNNING'], tagsAnyOf: ['env:dev', 'env:test'], text: 'team', namePrefix: 's' },
    (row) =>
      row.state === 'RUNNING' &&
      ['env:dev', 'env:test'].some((tag) => tagsOf(row).includes(tag)) &&
      row.name.startsWith('s'),
  ],
];

describe('lists of VMs', () => {
  let database: TestDatabase;
  let vms: VmsUnderTest;
  let rows: Row[];
  const everybody = admin();

  beforeAll(async () => {
    database = await createTestDatabase('vms');
    vms = await VmsUnderTest.start(database);
    const writer = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    await insertVms(writer, COUNT);
    await writer.$disconnect();
    rows = await living();
  }, 120_000);
  afterAll(async () => {
    await vms.stop();
    await database.drop();
  });

  const client = () => vms.get(PrismaClient);
  const living = () => client().vm.findMany({ where: { state: { not: 'DELETED' } }, include: { metadata: true } });
  const page = async (variables: object, by: Actor = everybody): Promise<Page> => {
    const { data, errors } = await vms.ask(by, LIST, { first: 200, ...variables });
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data?.['vms'] as Page;
  };
  const codesOf = async (variables: object, by: Actor = everybody): Promise<string[]> =>
    ((await vms.ask(by, LIST, { first: 10, ...variables })).errors ?? []).map(({ extensions }) => extensions.code);
  /** All pages, one after the other. */
  const walk = async (variables: object, first: number, between?: (at: number) => Promise<unknown>) => {
    const ids: string[] = [];
    let after: string | null = null;
    for (let at = 0; ; at += 1) {
      const { nodes, pageInfo }: Page = await page({ ...variables, first, after });
      ids.push(...nodes.map(({ id }) => id));
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) return ids;
      await between?.(at);
    }
  };
  const sorted = (some: readonly Row[], field: string, direction: keyof typeof DIRECTIONS): string[] => {
    const key = KEYS[field] ?? (() => 0);
    const compare = (a: Row, b: Row): number => {
      const [x, y] = [key(a), key(b)];
      return (x < y ? -1 : x > y ? 1 : a.id < b.id ? -1 : 1) * DIRECTIONS[direction];
    };
    return [...some].sort(compare).map(({ id }) => id);
  };

  it.each(Object.keys(KEYS).flatMap((field) => [[field, 'ASC'] as const, [field, 'DESC'] as const]))(
    'are in the order of %s %s, page by page, each VM once',
    async (field, direction) => {
      const orderBy = { field, direction };
      const expected = sorted(rows, field, direction);
      expect(await walk({ orderBy }, 31)).toEqual(expected);
      expect(await walk({ orderBy }, 200)).toEqual(expected);
    },
  );

  it('are the newest first when nothing is said, and ascend when no direction is', async () => {
    expect((await page({})).nodes.map(({ id }) => id)).toEqual(sorted(rows, 'CREATED_AT', 'DESC').slice(0, 200));
    expect((await page({ orderBy: { field: 'NAME' } })).nodes.map(({ id }) => id)).toEqual(
      sorted(rows, 'NAME', 'ASC').slice(0, 200),
    );
  });

  it.each(FILTERS)('show what %j says, and count it', async (filter, holds) => {
    const expected = rows.filter(holds);
    const found = await page({ filter, first: 200, orderBy: { field: 'NAME', direction: 'DESC' } });
    expect(found.totalCount).toBe(expected.length);
    expect(found.nodes.map(({ id }) => id)).toEqual(sorted(expected, 'NAME', 'DESC').slice(0, 200));
    expect(await walk({ filter, orderBy: { field: 'MEMORY', direction: 'ASC' } }, 17)).toEqual(
      sorted(expected, 'MEMORY', 'ASC'),
    );
  });

  it.each(FILTERS)('of a department show of it what %j says', async (filter, holds) => {
    const departmentId = departmentOf(3);
    const { data } = await vms.ask(everybody, OF_DEPARTMENT, {
      of: [{ __typename: 'Department', id: departmentId }],
      filter,
      orderBy: { field: 'NAME' },
    });
    const expected = rows.filter((row) => row.departmentId === departmentId && holds(row));
    expect(data?.['_entities']).toEqual([
      { vms: { nodes: sorted(expected, 'NAME', 'ASC').map((id) => ({ id })), totalCount: expected.length } },
    ]);
  });

  it('go on where they were when VMs come and go in between, also the last one seen', async () => {
    const before = sorted(rows, 'NAME', 'ASC');
    const copy = async (id: string, name: string) => {
      const {
        metadata: _metadata,
        pendingRestart: _pending,
        drift: _drift,
        links: _links,
        hardware: _hardware,
        definedHardware: _defined,
        ...row
      } = await client().vm.findUniqueOrThrow({
        where: { id: before[0] ?? '' },
        include: { metadata: true },
      });
      await client().vm.create({ data: { ...row, id, name, activeName: name } });
    };
    const [early, late] = [randomUUID(), randomUUID()];
    const gone = [before[29], before[40], before[59]].map(String);
    const seen = await walk({ orderBy: { field: 'NAME' } }, 30, async (at) => {
      if (at !== 0) return;
      await copy(early, 'aaa');
      await copy(late, 'zzz');
      await client().vm.updateMany({ where: { id: { in: gone } }, data: { state: 'DELETED' } });
    });
    await client().vm.deleteMany({ where: { id: { in: [early, late] } } });
    const kept = await client().vm.findMany({ where: { id: { in: gone } } });
    expect(kept).toHaveLength(3);
    for (const { id } of kept) {
      const state = rows.find((row) => row.id === id)?.state ?? 'RUNNING';
      await client().vm.update({ where: { id }, data: { state } });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...before.filter((id) => id === before[29] || !gone.includes(id)), late]);
  });

  it('give each of many that read at once the whole', async () => {
    const expected = sorted(rows, 'DISK', 'DESC');
    const walks = Array.from({ length: 8 }, (_, index) =>
      walk({ orderBy: { field: 'DISK', direction: 'DESC' } }, 40 + index),
    );
    for (const seen of await Promise.all(walks)) expect(seen).toEqual(expected);
  });

  it('refuse a page that cannot be', async () => {
    for (const first of [0, -1, 201]) expect(await codesOf({ first })).toEqual(['INVALID_INPUT']);
    expect(await codesOf({ first: 10_001 })).toEqual(['QUERY_TOO_COMPLEX']);
    const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const id = randomUUID();
    const cursors = [
      '',
      'nonsense',
      '\u0000',
      'x'.repeat(100_000),
      Buffer.from(id).toString('base64url'),
      encoded(null),
      encoded([]),
      encoded(['CREATED_AT', 'DESC', '2026-01-01T00:00:00.000Z']),
      encoded(['CREATED_AT', 'DESC', '2026-01-01T00:00:00.000Z', "' OR 1=1 --"]),
      encoded(['CREATED_AT', 'DESC', 'yesterday', id]),
      encoded(['CREATED_AT', 'DESC', '+275760-09-13T00:00:00.000Z', id]),
      encoded(['CREATED_AT', 'DESC', 5, id]),
      encoded(['CREATED_AT', 'DESC', { a: 1 }, id]),
    ];
    for (const after of cursors) expect([after, await codesOf({ after })]).toEqual([after, ['INVALID_INPUT']]);
  });

  it('refuse values in a cursor that the sorted field cannot have', async () => {
    const encoded = (...value: unknown[]) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const id = randomUUID();
    const wrong: [string, unknown][] = [
      ['NAME', 'a\u0000'],
      ['NAME', 5],
      ['STATE', 'GONE'],
      ['VCPUS', 2 ** 31],
      ['VCPUS', 1.5],
      ['VCPUS', '1'],
      ['MEMORY', -(2 ** 31) - 1],
      ['DISK', '9'.repeat(30)],
      ['DISK', 1],
      ['DEPARTMENT', 'nonsense'],
    ];
    for (const [field, value] of wrong) {
      const after = encoded(field, 'ASC', value, id);
      expect([field, value, await codesOf({ after, orderBy: { field } })]).toEqual([field, value, ['INVALID_INPUT']]);
    }
  });

  it('refuse the cursor of another sort or direction, and take one of another filter', async () => {
    const { endCursor: after } = (await page({ first: 5, orderBy: { field: 'NAME' } })).pageInfo;
    expect(await codesOf({ after, orderBy: { field: 'NAME' } })).toEqual([]);
    expect(await codesOf({ after, orderBy: { field: 'NAME' }, filter: { states: ['RUNNING'] } })).toEqual([]);
    expect(await codesOf({ after, orderBy: { field: 'NAME', direction: 'DESC' } })).toEqual(['INVALID_INPUT']);
    expect(await codesOf({ after, orderBy: { field: 'MEMORY' } })).toEqual(['INVALID_INPUT']);
    expect(await codesOf({ after })).toEqual(['INVALID_INPUT']);
  });

  it('refuse a filter that cannot be', async () => {
    const ids = Array.from({ length: 101 }, () => randomUUID());
    const refused: object[] = [
      { states: [] },
      { departmentIds: [] },
      { departmentIds: ['nonsense'] },
      { departmentIds: ids },
      { ownerIds: ['nonsense'] },
      { hostIds: [''] },
      { imageIds: [randomUUID().toUpperCase()] },
      { templateIds: ids },
      { tagsAllOf: [] },
      { tagsAllOf: Array.from({ length: 33 }, (_, index) => `t${index}`) },
      { tagsAnyOf: Array.from({ length: 1_000 }, (_, index) => `t${index}`) },
      { tagsAnyOf: ['x'.repeat(10_240)] },
      { tagsAnyOf: ['a b'] },
      { namePrefix: '' },
      { namePrefix: 'A' },
      { namePrefix: 'a%' },
      { namePrefix: 'a'.repeat(64) },
      { text: '' },
      { text: '   ' },
      { text: 'a\u0000b' },
      { text: 'a\u202Eb' },
      { text: '\uD800' },
      { text: 'x'.repeat(201) },
      { text: 'x'.repeat(100_000) },
    ];
    for (const filter of refused) expect([filter, await codesOf({ filter })]).toEqual([filter, ['INVALID_INPUT']]);
    for (const filter of [{ states: ['GONE'] }, { unknown: 1 }, 'x'])
      expect([filter, await codesOf({ filter })]).not.toEqual([filter, []]);
  });

  it('take null for what is left out', async () => {
    const nulls = Object.fromEntries(
      ['states', 'departmentIds', 'ownerIds', 'tagsAllOf', 'tagsAnyOf', 'namePrefix', 'text'].map((name) => [
        name,
        null,
      ]),
    );
    expect(await page({ filter: nulls, orderBy: null, after: null })).toEqual(await page({}));
    expect(await page({ filter: null })).toEqual(await page({}));
  });

  it('reveal nothing of another department, whatever is filtered by', async () => {
    const mine = rows.filter((row) => row.departmentId === departmentOf(7));
    const member = memberOf(departmentOf(7));
    expect((await page({}, member)).totalCount).toBe(mine.length);
    const NOTHING = { nodes: [], totalCount: 0, pageInfo: { endCursor: null, hasNextPage: false } };
    const another = rows.find((row) => row.departmentId === departmentOf(8) && row.templateId !== null);
    const filters = [
      { departmentIds: [departmentOf(8)] },
      { departmentIds: [randomUUID()] },
      { namePrefix: another?.name },
      { text: another?.name },
      { tagsAllOf: another === undefined ? [] : tagsOf(another) },
    ];
    for (const filter of filters) expect([filter, await page({ filter }, member)]).toEqual([filter, NOTHING]);
    const both = await page({ filter: { departmentIds: [departmentOf(7), departmentOf(8)] } }, member);
    expect(both.nodes.map(({ id }) => id)).toEqual(sorted(mine, 'CREATED_AT', 'DESC'));
    for (const [field, ids] of Object.entries({
      ownerIds: [another?.ownerId],
      hostIds: [another?.hostId],
      imageIds: [another?.imageId],
      templateIds: [another?.templateId],
    })) {
      const { nodes } = await page({ filter: { [field]: ids } }, member);
      expect(nodes.every(({ id }) => mine.some((row) => row.id === id))).toBe(true);
    }
    expect(await page({}, memberOf())).toEqual(NOTHING);
    const { data } = await vms.ask(member, OF_DEPARTMENT, { of: [{ __typename: 'Department', id: departmentOf(8) }] });
    expect(data?.['_entities']).toEqual([{ vms: { nodes: [], totalCount: 0 } }]);
  });

  it('do not go beyond the own departments by a cursor of somebody who may see more', async () => {
    const orderBy = { field: 'DEPARTMENT', direction: 'ASC' };
    const { endCursor: after } = (await page({ first: 20, orderBy })).pageInfo;
    const member = memberOf(departmentOf(7));
    const { nodes } = await page({ after, orderBy }, member);
    expect(nodes.every(({ id }) => rows.find((row) => row.id === id)?.departmentId === departmentOf(7))).toBe(true);
  });

  it('match nothing by ids of what does not exist', async () => {
    for (const field of ['departmentIds', 'ownerIds', 'hostIds', 'imageIds', 'templateIds'])
      expect((await page({ filter: { [field]: [idOf('nobody')] } })).totalCount).toBe(0);
  });

  it('still take a department and a state without a filter, and both together with one', async () => {
    const list = `query ($d: ID, $s: VmState, $f: VmFilter) { vms(first: 200, departmentId: $d, state: $s, filter: $f) { totalCount } }`;
    const count = async (variables: object) =>
      ((await vms.ask(everybody, list, { ...variables })).data?.['vms'] as { totalCount: number }).totalCount;
    const stopped = rows.filter((row) => row.state === 'STOPPED');
    expect(await count({ s: 'STOPPED' })).toBe(stopped.length);
    expect(await count({ d: departmentOf(3) })).toBe(rows.filter((row) => row.departmentId === departmentOf(3)).length);
    expect(await count({ d: 'nonsense' })).toBe(0);
    expect(await count({ s: 'STOPPED', f: { states: ['RUNNING'] } })).toBe(0);
    expect(await count({ d: departmentOf(3), f: { departmentIds: [departmentOf(4)] } })).toBe(0);
  });

  it('find by name what an older version made, once an instance has started since', async () => {
    const [described, ...others] = rows.slice(0, 3);
    const ids = [described, ...others].map((row) => row?.id ?? '');
    await client().vmMetadata.deleteMany({ where: { vmId: { in: ids } } });
    const find = async (row: Row | undefined) => (await page({ filter: { text: row?.name.toUpperCase() } })).nodes;
    expect(await find(others[0])).not.toContainEqual({ id: others[0]?.id });
    const input = { idempotencyKey: randomUUID(), vmId: described?.id, description: 'said meanwhile' };
    await vms.ask(everybody, `mutation ($input: DescribeVmInput!) { describeVm(input: $input) { id } }`, { input });
    expect(await vms.get(VmMetadataBackfill).run()).toBe(others.length);
    expect(await vms.get(VmMetadataBackfill).run()).toBe(0);
    for (const row of [described, ...others]) expect(await find(row)).toContainEqual({ id: row?.id });
    expect((await page({ filter: { text: 'said meanwhile' } })).nodes).toEqual([{ id: described?.id }]);
  });

  it('show with each VM what was asked for, also the template that is gone', async () => {
    const made = rows.slice(3).find((row) => row.templateId !== null);
    const query = `query ($id: ID!) { vm(id: $id) { description tags deletionProtected template { id name } } }`;
    const view = async () => (await vms.ask(everybody, query, { id: made?.id })).data?.['vm'];
    const shown = { description: made?.metadata?.description, tags: made?.metadata?.tags, deletionProtected: false };
    expect(await view()).toEqual({ ...shown, template: null });
    const template = { id: made?.templateId ?? '', name: 'small', nameKey: 'small', imageId: imageOf(1) };
    await client().template.create({ data: { ...template, vcpus: 1, memoryMib: 128, diskBytes: 1n } });
    expect(await view()).toEqual({ ...shown, template: { id: template.id, name: 'small' } });
  });
});
