// What a page of the list of VMs takes, with all that a list shows: four services answer for it.
import { setTimeout as delay } from 'node:timers/promises';

import type pg from 'pg';

import { GraphClient } from '../../tools/demo/graph-client.ts';
import { DepartmentUnderTest } from '../../tools/e2e/department-under-test.ts';
import { RunningSystem } from '../../tools/e2e/running-system.ts';
import { ADMIN_EMAIL } from '../../tools/stack/first-administrator.ts';
import { cleanUp } from '../cleanup.ts';
import { boundedFigure, plainFigure, quantile, WrongAnswer, type Figure } from '../report/figure.ts';
import { databaseOf } from '../stack-database.ts';
import { insertFleet, type Tenant } from './fleet-rows.ts';

/** One user may ask for less than the goal says: there are as many as share it within what each may. */
const TENANTS = 20;
const VMS = 20_000;
const PAGE = 50;
const WANTED_PER_SECOND = 300;
const OFFERED_MS = 20_000;
const CLOSED_MS = 15_000;
const CLIENTS = 8;

const LIST = `query ($first: Int!, $after: String) { vms(first: $first, after: $after) {
  nodes { id name state department { name } host { hostname } ports { address mac } metrics { cpuPercent memory { usedKib } } }
  pageInfo { endCursor } } }`;

interface PageOfVms {
  readonly vms: {
    readonly nodes: readonly {
      readonly department: unknown;
      readonly host: unknown;
      readonly ports: readonly unknown[];
      readonly metrics: unknown;
    }[];
    readonly pageInfo: { readonly endCursor: string | null };
  };
}

/** Members of departments, each of whom turns the pages of the own list, and begins again at its end. */
class Reader {
  private readonly member: GraphClient;
  private after: string | null = null;

  constructor(member: GraphClient) {
    this.member = member;
  }

  /** @returns milliseconds */
  async turn(): Promise<number> {
    const since = performance.now();
    const { vms } = await this.member.ask<PageOfVms>(LIST, { first: PAGE, after: this.after });
    const tookMs = performance.now() - since;
    this.after = vms.nodes.length < PAGE ? null : vms.pageInfo.endCursor;
    for (const { department, host, ports, metrics } of vms.nodes)
      if (department === null || host === null || ports.length === 0 || metrics === null)
        throw new WrongAnswer('a VM without what a list shows of it');
    return tookMs;
  }
}

/** So many at a time, who ask again when they have their answer; in turn for each reader, of whom none may ask for all. */
async function closed(readers: readonly Reader[], clients: number, forMs: number): Promise<number[]> {
  const until = performance.now() + forMs;
  const tookMs: number[] = [];
  let turns = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const reader = readers[turns++ % readers.length];
      if (reader !== undefined) tookMs.push(await reader.turn());
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return tookMs;
}

/** So many a second, whatever comes of them: who asks does not wait for who asked before. */
async function offered(readers: readonly Reader[], perSecond: number, forMs: number) {
  const tookMs: number[] = [];
  let refused = 0;
  const asked: Promise<void>[] = [];
  const begun = performance.now();
  const count = (perSecond * forMs) / 1_000;
  for (let index = 0; index < count; index += 1) {
    const aheadMs = (index * 1_000) / perSecond - (performance.now() - begun);
    if (aheadMs > 1) await delay(aheadMs);
    const reader = readers[index % readers.length];
    const one = reader?.turn().then(
      (ms) => void tookMs.push(ms),
      (error: unknown) => {
        if (error instanceof WrongAnswer) throw error;
        refused += 1;
      },
    );
    if (one !== undefined) asked.push(one);
  }
  await Promise.all(asked);
  return { tookMs, refused };
}

const tenantsOf = async (client: pg.Client, departments: readonly DepartmentUnderTest[]): Promise<Tenant[]> => {
  const ids = departments.map(({ id }) => id);
  const { rows } = await client.query<Tenant>(
    `SELECT n.department_id AS "departmentId", n.id AS "networkId", m.user_id AS "ownerId"
     FROM networks.networks AS n JOIN users.memberships AS m ON m.department_id = n.department_id
     WHERE n.department_id = ANY($1::uuid[])`,
    [ids],
  );
  return rows;
};

/** L1 of the goals: 20,000 VMs as rows, of hosts that are away. Each page is answered by the gateway and four services. */
export async function measureInventory(say: (line: string) => void): Promise<readonly Figure[]> {
  say('starting the whole stack');
  const system = await RunningSystem.start({ INFINIBAY_HYPERVISOR: 'test' });
  const client = databaseOf(system);
  const stop = cleanUp(async () => {
    await client.end();
    await system.stop();
  });
  try {
    await client.connect();
    const admin = new GraphClient(system.graphqlUrl);
    await admin.login(ADMIN_EMAIL, system.adminPassword);
    const departments: DepartmentUnderTest[] = [];
    for (let index = 0; index < TENANTS; index += 1)
      departments.push(await DepartmentUnderTest.create(system, admin, `Bench${String(index)}`));
    const [first] = departments;
    if (first === undefined) throw new Error('no department');
    const templateId = await first.createVm('template');
    await first.reaches(templateId, 'RUNNING');
    say(`${String(VMS)} VMs of ${String(TENANTS)} departments`);
    await insertFleet(client, templateId, await tenantsOf(client, departments), VMS / TENANTS);
    await first.deleteVm(templateId);
    const readers = departments.map(({ member }) => new Reader(member));
    for (const reader of readers) await reader.turn();
    say('one reader');
    const alone = await closed(readers, 1, CLOSED_MS);
    say(`${String(CLIENTS)} readers`);
    const together = await closed(readers, CLIENTS, CLOSED_MS);
    say(`${String(WANTED_PER_SECOND)} pages a second`);
    const { tookMs, refused } = await offered(readers, WANTED_PER_SECOND, OFFERED_MS);
    return [
      plainFigure('alone.p50', quantile(alone, 0.5), 'ms'),
      plainFigure('alone.p99', quantile(alone, 0.99), 'ms'),
      plainFigure('most', (together.length * 1_000) / CLOSED_MS, 'pages/s'),
      plainFigure('most.p99', quantile(together, 0.99), 'ms'),
      boundedFigure('L1', tookMs.length === 0 ? Number.POSITIVE_INFINITY : quantile(tookMs, 0.99), 'ms', '<= 150'),
      boundedFigure('L1.refused', refused, 'pages', '= 0'),
    ];
  } finally {
    await stop();
  }
}
