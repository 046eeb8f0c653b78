import { createTestDatabase, type TestDatabase } from '@infinibay/testing';
import type { DepartmentScope } from '@infinibay/access-domain';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase } from '../database.js';
import { Prisma } from '../generated/prisma/client.js';
import { departmentOf, hostOf, idOf, imageOf, insertVms, ownerOf, templateOf } from '../testing/many-vms.js';
import { SortDirection, VmCriteria, VmSortField, type VmSort } from './vm-list.inputs.js';
import { VmListRepository } from './vm-list.repository.js';

const COUNT = 20_000;

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** What the descriptions of `vms` promise is what PostgreSQL plans, on as many VMs as they name. */
describe('lists of 20,000 VMs', () => {
  let database: TestDatabase;
  let client: ReturnType<typeof createDatabase>;
  let lists: VmListRepository;

  beforeAll(async () => {
    database = await createTestDatabase('vms');
    client = createDatabase({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 });
    lists = new VmListRepository(client);
    await insertVms(client, COUNT);
    // As autovacuum does by and by.
    await client.$executeRawUnsafe('VACUUM (ANALYZE) vms, vm_metadata');
  }, 240_000);
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  const planOf = async (query: Prisma.Sql): Promise<PlanNode[]> => {
    const [row] = await client.$queryRaw<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      Prisma.sql`EXPLAIN (FORMAT JSON) ${query}`,
    );
    return row === undefined ? [] : nodesOf(row['QUERY PLAN'][0].Plan);
  };
  /** What reads the table whole; undefined when nothing does and an index of it is read. */
  const problemOf = async (query: Prisma.Sql): Promise<string | undefined> => {
    const nodes = await planOf(query);
    const scans = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);
    if (scans.includes('vms')) return 'reads all VMs';
    return nodes.some((node) => node['Index Name']?.startsWith('vm') === true) ? undefined : 'reads no index';
  };

  const SCOPES: Readonly<Record<string, DepartmentScope>> = {
    'all departments': { all: true },
    'one department': { all: false, departmentIds: [departmentOf(7)] },
    'three departments': { all: false, departmentIds: [1, 2, 3].map(departmentOf) },
    'half of the departments': { all: false, departmentIds: Array.from({ length: 20 }, (_, at) => departmentOf(at)) },
    'a department without VMs': { all: false, departmentIds: [idOf('nobody')] },
    'no department': { all: false, departmentIds: [] },
  };
  const COUNTED: Readonly<Record<string, object>> = {
    'no filter': {},
    'one state': { states: ['ERROR'] },
    'several states': { states: ['RUNNING', 'STOPPED', 'PAUSED'] },
    'an owner': { ownerIds: [ownerOf(5)] },
    'three owners': { ownerIds: [5, 6, 7].map(ownerOf) },
    'a host': { hostIds: [hostOf(5)] },
    'half of the hosts': { hostIds: Array.from({ length: 12 }, (_, at) => hostOf(at)) },
    'an image': { imageIds: [imageOf(5)] },
    'a template': { templateIds: [templateOf(3)] },
    'what is going to be deleted': { deletionScheduled: true },
    'a name prefix': { namePrefix: 'front-1' },
    'a name prefix that many have': { namePrefix: 'front' },
  };
  const FILTERS: Readonly<Record<string, object>> = {
    ...COUNTED,
    'what is not going to be deleted': { deletionScheduled: false },
    'a tag of one VM': { tagsAllOf: ['number-4711'] },
    'a tag of a third of the VMs': { tagsAllOf: ['env:prod'] },
    'two tags': { tagsAllOf: ['env:prod', 'team-5'] },
    'any of two tags': { tagsAnyOf: ['team-5', 'team-6'] },
    'any of tags that all have': { tagsAnyOf: ['env:dev', 'env:test', 'env:prod'] },
    'an unknown tag': { tagsAllOf: ['nowhere'] },
    'a rare text': { text: 'number 4711' },
    'a text that all have': { text: 'team' },
    'one letter': { text: 'e' },
    'two letters': { text: 'qq' },
    'all filters': {
      states: ['RUNNING'],
      ownerIds: [ownerOf(5)],
      hostIds: [hostOf(5)],
      imageIds: [imageOf(5)],
      templateIds: [templateOf(5)],
      tagsAllOf: ['env:prod'],
      tagsAnyOf: ['team-5'],
      namePrefix: 'f',
      text: 'shop',
    },
    'state, host and image': { states: ['RUNNING'], hostIds: [hostOf(5)], imageIds: [imageOf(5)] },
    'state and text': { states: ['STOPPED'], text: 'billing' },
    'tag and owner': { tagsAllOf: ['env:dev'], ownerIds: [ownerOf(9)] },
  };
  const criteria = (filter: object): VmCriteria => VmCriteria.parse(filter);

  const IN_THE_MIDDLE: Readonly<Record<VmSortField, string | number>> = {
    CREATED_AT: '2026-01-01T02:00:00.000Z',
    NAME: 'lab-77',
    STATE: 'RUNNING',
    VCPUS: 4,
    MEMORY: 2_048,
    DISK: '16106127360',
    DEPARTMENT: departmentOf(11),
  };
  const sorts = Object.values(VmSortField).flatMap((field) =>
    Object.values(SortDirection).map((direction): VmSort => ({ field, direction })),
  );

  it.each(Object.entries(SCOPES))('are paged by an index in %s, by each sort and filter', async (_name, scope) => {
    const problems: string[] = [];
    for (const sort of sorts)
      for (const [name, filter] of Object.entries(FILTERS))
        for (const after of [undefined, { value: IN_THE_MIDDLE[sort.field], id: idOf('vm 9000') }]) {
          const problem = await problemOf(lists.pageQuery(scope, criteria(filter), sort, { first: 50, after }));
          if (problem !== undefined)
            problems.push(
              `${name}, by ${sort.field} ${sort.direction}${after === undefined ? '' : ', later page'}: ${problem}`,
            );
        }
    expect(problems).toEqual([]);
  });

  it.each(Object.entries(SCOPES))('are counted by an index in %s, by each filter that says so', async (_, scope) => {
    const problems: string[] = [];
    for (const [name, filter] of Object.entries(COUNTED)) {
      const problem = await problemOf(lists.countQuery(scope, criteria(filter)));
      if (problem !== undefined) problems.push(`${name}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });

  it('would be told from lists that read every VM', async () => {
    expect(await problemOf(Prisma.sql`SELECT id FROM vms WHERE pause_reason = 'x'`)).toBe('reads all VMs');
    expect(await problemOf(Prisma.sql`SELECT 1`)).toBe('reads no index');
    expect(
      await problemOf(Prisma.sql`SELECT id FROM vms WHERE state <> 'DELETED' ORDER BY pause_reason, id LIMIT 51`),
    ).toBe('reads all VMs');
  });
});
