// Statements end with the request that they belong to, as PostgreSQL itself sees it.
import { SUBGRAPHS, type SubgraphName } from '@infinibay/contracts';
import { ACTOR_HEADER, DEADLINE_HEADER, signActor } from '@infinibay/platform-access';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';

import { DATABASE_NAME } from '../stack/database.ts';
import { OutageBench } from './outage-bench.ts';

const WAIT = { timeoutMs: 240_000 } as const;
const DEPARTMENT = randomUUID();
/** Each reads or writes a table that the spec keeps locked. */
const WORK: Readonly<Record<SubgraphName, { table: string; query: string; mutation: string; input: () => object }>> = {
  users: {
    table: 'users.departments',
    query: '{ departments(first: 5) { nodes { id } } }',
    mutation: 'mutation ($input: CreateDepartmentInput!) { createDepartment(input: $input) { id } }',
    input: () => ({ idempotencyKey: randomUUID(), name: randomUUID() }),
  },
  // Heartbeats read the table of VMs, whoever asks.
  vms: {
    table: 'vms.templates',
    query: '{ templates { id } }',
    mutation: 'mutation ($input: DeleteTemplateInput!) { deleteTemplate(input: $input) { id } }',
    input: () => ({ idempotencyKey: randomUUID(), templateId: randomUUID() }),
  },
  networks: {
    table: 'networks.networks',
    query: 'query ($id: ID!) { network(id: $id) { id } }',
    mutation: 'mutation ($input: DeleteNetworkInput!) { deleteNetwork(input: $input) }',
    input: () => ({ idempotencyKey: randomUUID(), networkId: randomUUID() }),
  },
  firewall: {
    table: 'firewall.rules',
    query: 'query ($id: ID!) { firewallRule(id: $id) { id } }',
    mutation: 'mutation ($input: DeleteFirewallRuleInput!) { deleteFirewallRule(input: $input) }',
    input: () => ({ idempotencyKey: randomUUID(), ruleId: randomUUID() }),
  },
};

/** What networks does by itself with the table of networks: reports of hosts, and due work. */
const BACKGROUND = 'host_reports|h\\.network_id';

let bench: OutageBench;
let admin: pg.Client;
let locker: pg.Client;

beforeAll(async () => {
  bench = await OutageBench.start();
  [admin, locker] = [DATABASE_NAME, DATABASE_NAME].map(
    (name) => new pg.Client({ connectionString: bench.postgres.adminUrl(name) }),
  ) as [pg.Client, pg.Client];
  await Promise.all([admin.connect(), locker.connect()]);
}, 480_000);
afterEach(() => locker.query('ROLLBACK'));
afterAll(async () => {
  await Promise.all([admin.end(), locker.end()]);
  await bench.stop();
}, 120_000);

const lock = async (table: string): Promise<void> => {
  await locker.query('BEGIN');
  await locker.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
};

/** What waits for the lock: statements of the service that the spec asked. */
const waiting = async (name: SubgraphName): Promise<string[]> => {
  const found = await admin.query<{ query: string }>(
    `SELECT query FROM pg_stat_activity WHERE application_name = $1 AND state = 'active' AND wait_event_type = 'Lock' AND query !~ $2`,
    [`infinibay-${name}`, BACKGROUND],
  );
  return found.rows.map(({ query }) => query);
};

const transactionsOf = async (name: SubgraphName): Promise<number> => {
  const found = await admin.query(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND state LIKE 'idle in transaction%'`,
    [`infinibay-${name}`],
  );
  return found.rowCount ?? 0;
};

const headers = async (deadlineMs: number): Promise<Record<string, string>> => {
  const actor = { userId: randomUUID(), sessionId: randomUUID(), role: 'ADMIN' as const, departmentIds: [DEPARTMENT] };
  return { [ACTOR_HEADER]: await signActor(actor, bench.internalKey), [DEADLINE_HEADER]: String(deadlineMs) };
};

describe.each(SUBGRAPHS)('the deadline of a request to %s', (name) => {
  const { table, query, mutation, input } = WORK[name];

  it('ends its statements, reading and writing, and the answer says so', async () => {
    await lock(table);
    const answers = await Promise.all([
      bench.askSubgraph(name, await headers(2_000), query, { id: DEPARTMENT }),
      bench.askSubgraph(name, await headers(2_000), mutation, { input: input() }),
    ]);
    expect(answers.map(({ code }) => code)).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    // The lock is still there: what is gone was cancelled.
    await pollUntil(async () => ((await waiting(name)).length === 0 && (await transactionsOf(name)) === 0) || null, {
      ...WAIT,
      what: 'the statements to end',
    });
    await locker.query('ROLLBACK');
    const well = await bench.askSubgraph(name, await headers(30_000), query, { id: DEPARTMENT });
    expect([undefined, 'NETWORK_NOT_FOUND', 'RULE_NOT_FOUND']).toContain(well.code);
  }, 300_000);

  it('frees the places of more requests than the pool has, those that wait for a place too', async () => {
    await lock(table);
    const many = await Promise.all(
      Array.from({ length: 30 }, async () => bench.askSubgraph(name, await headers(2_000), query, { id: DEPARTMENT })),
    );
    expect([...new Set(many.map(({ code }) => code))]).toEqual(['DEADLINE_EXCEEDED']);
    await pollUntil(async () => (await waiting(name)).length === 0 || null, { ...WAIT, what: 'the statements to end' });
  }, 300_000);

  it('is also the moment in which its caller goes away', async () => {
    await lock(table);
    const gone = new AbortController();
    const asked = bench.askSubgraph(name, await headers(30_000), query, { id: DEPARTMENT }, gone.signal);
    const ended = expect(asked).rejects.toThrow();
    await pollUntil(async () => (await waiting(name)).length > 0 || null, { ...WAIT, what: 'the statement to begin' });
    gone.abort();
    await ended;
    await pollUntil(async () => (await waiting(name)).length === 0 || null, { ...WAIT, what: 'the statement to end' });
  }, 300_000);
});
