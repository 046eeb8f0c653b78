import { randomUUID } from 'node:crypto';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { clientOptions } from '@infinibay/platform-persistence';
import { createLogger } from '@infinibay/platform-logging';
import { Retention } from '@infinibay/platform-subgraph';
import { PoolClient } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmsUnderTest, admin, createTestDatabase, memberOf, type TestDatabase } from '../testing/vms-under-test.js';
import { historyRows } from './history.rows.js';
import { OperationFilter } from './operation.inputs.js';
import { OperationRepository } from './operation.repository.js';

const LIST = `query ($first: Int, $after: String, $filter: OperationFilterInput) {
  operations(first: $first, after: $after, filter: $filter) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { id kind status resourceId requestedBy { id } createdAt }
  }
}`;

interface Node {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly resourceId: string;
  readonly requestedBy: { readonly id: string };
  readonly createdAt: string;
}
interface OperationPage {
  readonly totalCount: number;
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  readonly nodes: readonly Node[];
}

const COUNT = 20_000;
/** The n-th of some things of a kind, as the SQL below makes them. */
const uuidOf = (kind: number, n: number): string =>
  `${String(kind).padStart(8, '0')}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const [DEPARTMENT, RESOURCE, ACTOR, OPERATION] = [1, 2, 3, 4];
const uuidSql = (kind: number, n: string): string =>
  `('${uuidOf(kind, 0).slice(0, 24)}' || lpad(to_hex(${n}), 12, '0'))::uuid`;

describe('operations', () => {
  let database: TestDatabase;
  let vms: VmsUnderTest;
  let client: PoolClient;

  /** Operations 1 to 20,000, a minute between two: 20 departments, 400 VMs, 100 people. */
  beforeAll(async () => {
    database = await createTestDatabase('vms');
    client = new PoolClient(database.url);
    await client.$executeRawUnsafe(
      `INSERT INTO operations (id, kind, resource_kind, resource_id, department_id, actor_id, idempotency_key, correlation_id,
         status, created_at, finished_at)
       SELECT ${uuidSql(OPERATION, 'n')}, (ARRAY['CREATE_VM', 'START_VM', 'SHUTDOWN_VM', 'REBOOT_VM'])[1 + (n / 20) % 4], 'vm',
         ${uuidSql(RESOURCE, '(n % 400)')}, ${uuidSql(DEPARTMENT, '(n % 20)')}, ${uuidSql(ACTOR, '(n % 100)')}, 'key-' || n, 'c',
         (CASE n % 50 WHEN 0 THEN 'FAILED' WHEN 1 THEN 'RUNNING' ELSE 'SUCCEEDED' END)::"OperationStatus",
         timestamptz '2026-01-01 00:00Z' + make_interval(mins => n),
         CASE n % 50 WHEN 1 THEN NULL ELSE now() END
       FROM generate_series(1, ${String(COUNT)}) AS n`,
    );
    await client.$executeRawUnsafe('ANALYZE operations');
    vms = await VmsUnderTest.start(database);
  }, 120_000);
  afterAll(async () => {
    await vms.stop();
    await client.$disconnect();
    await database.drop();
  });

  const ask = (actor: Parameters<VmsUnderTest['ask']>[0], variables: Record<string, unknown> = {}) =>
    vms.ask(actor, LIST, { first: 10, ...variables });
  const page = async (variables: Record<string, unknown> = {}, actor = admin()): Promise<OperationPage> => {
    const answer = await ask(actor, variables);
    expect(answer.errors).toBeUndefined();
    return answer.data?.['operations'] as OperationPage;
  };
  const member = memberOf(uuidOf(DEPARTMENT, 3));

  it('come newest first, page by page to the end, each once', async () => {
    const filter = { resourceId: uuidOf(RESOURCE, 7) };
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const found: OperationPage = await page({ first: 20, after, filter });
      expect(found.totalCount).toBe(50);
      seen.push(...found.nodes.map(({ id }) => id));
      after = found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
    } while (after !== null);
    const expected = Array.from({ length: 50 }, (_, index) => uuidOf(OPERATION, 7 + 400 * index)).reverse();
    expect(seen).toEqual(expected);
  });

  it.each([
    ['department', { departmentId: uuidOf(DEPARTMENT, 5) }, 1_000],
    ['resource', { resourceId: uuidOf(RESOURCE, 5) }, 50],
    ['requester', { requestedById: uuidOf(ACTOR, 5) }, 200],
    ['kind', { kinds: ['REBOOT_VM'] }, 5_000],
    ['kinds', { kinds: ['REBOOT_VM', 'START_VM'] }, 10_000],
    ['status', { statuses: ['FAILED'] }, 400],
    ['statuses', { statuses: ['FAILED', 'RUNNING'] }, 800],
    ['time', { from: '2026-01-01T01:00:00Z', until: '2026-01-01T02:00:00Z' }, 60],
    ['all of them', { departmentId: uuidOf(DEPARTMENT, 10), statuses: ['FAILED'], kinds: ['SHUTDOWN_VM'] }, 50],
    ['nothing', {}, COUNT],
    ['empty lists', { kinds: [] }, 0],
    ['what does not exist', { resourceId: randomUUID() }, 0],
    ['what can not exist', { requestedById: 'nobody' }, 0],
    ['a time that never is', { from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 0],
  ])('are found by %s', async (_by, filter, count) => {
    const found = await page({ filter });
    expect(found.totalCount).toBe(count);
    expect(found.nodes).toHaveLength(Math.min(10, count));
    expect(found.pageInfo.hasNextPage).toBe(count > 10);
    for (const node of found.nodes) {
      if ('kinds' in filter) expect(filter.kinds).toContain(node.kind);
      if ('statuses' in filter) expect(filter.statuses).toContain(node.status);
      if ('resourceId' in filter) expect(node.resourceId).toBe(filter.resourceId);
      if ('requestedById' in filter) expect(node.requestedBy.id).toBe(filter.requestedById);
    }
  });

  it('of other departments are not there, however they are asked for', async () => {
    expect(await page({}, member)).toMatchObject({ totalCount: 1_000 });
    const others = [
      { departmentId: uuidOf(DEPARTMENT, 4) },
      { resourceId: uuidOf(RESOURCE, 4) },
      { requestedById: uuidOf(ACTOR, 4) },
    ];
    for (const filter of others) expect(await page({ filter }, member)).toMatchObject({ totalCount: 0, nodes: [] });
    expect(await page({}, memberOf())).toMatchObject({ totalCount: 0, nodes: [] });
    expect((await ask(null)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it.each([
    ['a page of none', { first: 0 }],
    ['a page of too many', { first: 201 }],
    ['a cursor that is not ours', { after: 'x' }],
    ['more kinds than there can be', { filter: { kinds: Array.from({ length: 101 }, () => 'START_VM') } }],
  ])('are refused for %s', async (_what, variables) => {
    expect((await ask(admin(), variables)).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
  });

  it('can be paged through while others are added and removed: none twice, none left out', async () => {
    const filter = { requestedById: uuidOf(ACTOR, 9) };
    const first = await page({ filter });
    const removed = first.nodes.at(-1)?.id;
    const row = { kind: 'START_VM', resourceKind: 'vm', idempotencyKey: 'k', correlationId: 'c' };
    const ids = { resourceId: uuidOf(RESOURCE, 9), departmentId: uuidOf(DEPARTMENT, 9), actorId: uuidOf(ACTOR, 9) };
    const database = vms.get(PrismaClient);
    await database.operation.create({ data: { id: uuidOf(OPERATION, COUNT + 9), ...row, ...ids } });
    await database.operation.delete({ where: { id: removed ?? '' } });
    const second = await page({ filter, after: first.pageInfo.endCursor });
    expect(second.nodes.map(({ id }) => id)).toEqual(
      Array.from({ length: 10 }, (_, index) => uuidOf(OPERATION, COUNT + 9 - 100 * (index + 11))),
    );
  });

  /** No list reads the whole table, for whomever. */
  it.each([
    ['nothing', {}],
    ['a department', { departmentId: uuidOf(DEPARTMENT, 5) }],
    ['a resource', { resourceId: uuidOf(RESOURCE, 5) }],
    ['a requester', { requestedById: uuidOf(ACTOR, 5) }],
    ['a kind', { kinds: ['REBOOT_VM'] }],
    ['a status', { statuses: ['FAILED'] }],
    ['a requester and statuses', { requestedById: uuidOf(ACTOR, 5), statuses: ['FAILED', 'RUNNING'] }],
  ])('by %s are read through an index', async (_by, raw) => {
    const queries: { query: string; params: unknown[] }[] = [];
    const settings = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 };
    const told = new PrismaClient({ ...clientOptions(settings, 'vms'), log: [{ emit: 'event', level: 'query' }] });
    told.$on('query', ({ query, params }) => queries.push({ query, params: JSON.parse(params) as unknown[] }));
    try {
      const repository = new OperationRepository(told, new MetricsRegistry('test'));
      const filter = OperationFilter.parse(raw);
      const scopes = [
        { all: true },
        { all: false, departmentIds: [uuidOf(DEPARTMENT, 5), uuidOf(DEPARTMENT, 6)] },
      ] as const;
      for (const scope of scopes) await repository.page(scope, filter, { first: 50, after: undefined });
    } finally {
      await told.$disconnect();
    }
    const lists = queries.filter(({ query }) => query.includes('FROM "vms"."operations"') && query.includes('LIMIT'));
    expect(lists).toHaveLength(2);
    for (const { query, params } of lists) {
      const plan = await client.$queryRawUnsafe(`EXPLAIN (ANALYZE, FORMAT JSON) ${query}`, ...params);
      const text = JSON.stringify(plan);
      expect(text).not.toContain('Seq Scan');
      // An index that has nothing to do with the filter is read through, too.
      const passedOver = [...text.matchAll(/"Rows Removed by Filter":(\d+)/g)].map(([, rows]) => Number(rows));
      expect(passedOver.filter((rows) => rows >= COUNT / 10)).toEqual([]);
    }
  });

  it('go when they ended long ago, with their steps, and so do VMs that are gone', async () => {
    const [old, fresh, open] = [uuidOf(OPERATION, 2), uuidOf(OPERATION, 3), uuidOf(OPERATION, 1)];
    const step = { position: 0, name: 'start' };
    const prisma = vms.get(PrismaClient);
    await prisma.operationStep.createMany({
      data: [old, fresh, open].map((operationId) => ({ operationId, ...step })),
    });
    await client.$executeRawUnsafe(
      `UPDATE operations SET finished_at = now() - interval '91 days' WHERE id = $1::uuid`,
      old,
    );
    const before = await prisma.operation.count();
    const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
    const retention = new Retention(
      client,
      historyRows({ HISTORY_KEEP_DAYS: 90 }),
      logger,
      new MetricsRegistry('test'),
    );
    do await retention.take();
    while ((await retention.nextDueInMs()) <= 0);
    expect(await prisma.operation.count()).toBe(before - 1);
    expect((await prisma.operationStep.findMany()).map(({ operationId }) => operationId).sort()).toEqual([open, fresh]);
  });
});
