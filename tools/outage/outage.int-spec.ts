// What README, ARCHITECTURE and the decisions say of an absence, shown on the real services with the real servers gone.
import { SUBGRAPHS, type SubgraphName } from '@infinibay/contracts';
import { ACTOR_HEADER, DEADLINE_HEADER, signActor } from '@infinibay/platform-access';
import { patience, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { randomUUID } from 'node:crypto';

import { processesBelow } from './processes-below.ts';
import { OutageBench, type Outcome } from './outage-bench.ts';

/** What nothing answers ends by then. */
const DEADLINE_MS = 4_000;
/** For what is answered; a subgraph believes no longer one. */
const PATIENT_MS = Math.min(30_000, patience(4_000));
const WAIT = { timeoutMs: 240_000 } as const;

let bench: OutageBench;
let token: string;
let departmentId: string;
let imageId: string;
let userId: string;
let sessionId: string;

beforeAll(async () => {
  bench = await OutageBench.start();
  token = await bench.login();
  const claims = decodeJwt(token);
  userId = String(claims.sub);
  sessionId = String(claims['sid']);
  departmentId = idOf(await create('Department', { name: 'outage' }), 'createDepartment');
  await create('Network', { departmentId, name: 'first' });
  imageId = await pollUntil(
    async () => {
      const images = (await bench.ask('{ images { id } }', { token })).data?.['images'] as { id: string }[] | undefined;
      return images?.[0]?.id;
    },
    { ...WAIT, what: 'a host that tells of its image' },
  );
}, 480_000);
afterAll(() => bench.stop(), 120_000);

const idOf = (outcome: Outcome, field: string): string => {
  const value = outcome.data?.[field];
  if (typeof value !== 'object' || value === null || !('id' in value)) throw new Error(outcome.text);
  return String(value.id);
};

const create = (kind: 'Department' | 'Network' | 'FirewallRule', input: object, bearer = token): Promise<Outcome> =>
  bench.ask(`mutation ($input: Create${kind}Input!) { create${kind}(input: $input) { id } }`, {
    token: bearer,
    variables: { input: { idempotencyKey: randomUUID(), ...input } },
  });

const createVm = (name: string, bearer = token): Promise<Outcome> =>
  bench.ask(`mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id } operation { id } } }`, {
    token: bearer,
    variables: { input: { idempotencyKey: randomUUID(), departmentId, imageId, name } },
  });

const vmIdOf = (outcome: Outcome): string => {
  const result = outcome.data?.['createVm'] as { vm: { id: string } } | null | undefined;
  if (result === null || result === undefined) throw new Error(`${outcome.text}\n${bench.logs()}`);
  return result.vm.id;
};

const runs = (vmId: string): Promise<true> =>
  pollUntil(
    async () => {
      const vm = (await bench.ask('query ($id: ID!) { vm(id: $id) { state } }', { token, variables: { id: vmId } }))
        .data?.['vm'] as { state: string } | null | undefined;
      return vm?.state === 'RUNNING' || undefined;
    },
    { ...WAIT, what: 'the VM to run' },
  );

const works = (what: string, attempt: () => Promise<Outcome>): Promise<Outcome> =>
  pollUntil(
    async () => {
      const outcome = await attempt();
      return outcome.code === undefined ? outcome : undefined;
    },
    { ...WAIT, what },
  );

const QUERIES: Readonly<Record<SubgraphName, string>> = {
  users: '{ departments(first: 5) { nodes { id } } }',
  vms: '{ vms(first: 5) { nodes { id } } }',
  networks:
    'query ($id: ID!) { _entities(representations: [{ __typename: "Department", id: $id }]) { ... on Department { networks { id } } } }',
  firewall:
    'query ($id: ID!) { _entities(representations: [{ __typename: "Department", id: $id }]) { ... on Department { firewallRules { id } } } }',
};

const MUTATIONS: Readonly<Record<SubgraphName, { query: string; input: () => object }>> = {
  users: {
    query: 'mutation ($input: CreateDepartmentInput!) { createDepartment(input: $input) { id } }',
    input: () => ({ idempotencyKey: randomUUID(), name: `department ${randomUUID()}` }),
  },
  vms: {
    query: 'mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id } } }',
    input: () => ({ idempotencyKey: randomUUID(), departmentId, imageId, name: `v-${randomUUID().slice(0, 8)}` }),
  },
  networks: {
    query: 'mutation ($input: CreateNetworkInput!) { createNetwork(input: $input) { id } }',
    input: () => ({ idempotencyKey: randomUUID(), departmentId, name: `network ${randomUUID()}` }),
  },
  firewall: {
    query: 'mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { id } }',
    input: () => ({
      idempotencyKey: randomUUID(),
      departmentId,
      direction: 'IN',
      action: 'ACCEPT',
      protocol: 'TCP',
      portFrom: 22,
    }),
  },
};

/** As the gateway asks, so that each subgraph answers for itself. */
const askSubgraph = async (
  name: SubgraphName,
  query: string,
  variables: object,
  deadlineMs: number,
): Promise<Outcome> => {
  const actor = { userId, sessionId, role: 'ADMIN' as const, departmentIds: [departmentId] };
  const headers = { [ACTOR_HEADER]: await signActor(actor, bench.internalKey), [DEADLINE_HEADER]: String(deadlineMs) };
  return bench.askSubgraph(name, headers, query, variables);
};

/** [subgraph, code of its query, code of its mutation], all at once. */
const codes = (deadlineMs = PATIENT_MS): Promise<(string | undefined)[][]> =>
  Promise.all(
    SUBGRAPHS.map(async (name) => {
      const { query, input } = MUTATIONS[name];
      const [read, write] = await Promise.all([
        askSubgraph(name, QUERIES[name], { id: departmentId }, deadlineMs),
        askSubgraph(name, query, { input: input() }, deadlineMs),
      ]);
      return [name, read.code, write.code];
    }),
  );

const allWell = SUBGRAPHS.map((name) => [name, undefined, undefined]);
const allUnavailable = SUBGRAPHS.map((name) => [name, 'SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE']);

const allAreWellAgain = (): Promise<true> =>
  pollUntil(async () => JSON.stringify(await codes()) === JSON.stringify(allWell) || undefined, {
    ...WAIT,
    what: 'every subgraph to answer and accept again',
  });

it('everything works to begin with', async () => {
  expect(await codes()).toEqual(allWell);
});

describe('while NATS is away', () => {
  it('sessions begin and go on, queries are answered, VMs are accepted, and made when it is back', async () => {
    const pids = bench.pids();
    await bench.nats.child.stop('SIGKILL');
    // Never seen before by this gateway: nothing that it remembers can let it in.
    const fresh = await bench.login();
    const answer = await bench.ask(
      '{ me { email } departments(first: 5) { nodes { name networks { name } firewallRules { id } } } vms(first: 5) { nodes { name } } }',
      { token: fresh },
    );
    expect([answer.code, answer.data?.['me']]).toEqual([undefined, { email: 'admin@infinibay.local' }]);
    const accepted = await createVm('without-nats', fresh);
    const vmId = vmIdOf(accepted);
    expect((await create('Department', { name: 'without NATS' }, fresh)).code).toBeUndefined();
    // What has to ask a neighbour says so, in a word that a client can act on.
    for (const refused of [
      await create('Network', { departmentId, name: 'without NATS' }, fresh),
      await create(
        'FirewallRule',
        { departmentId, direction: 'IN', action: 'ACCEPT', protocol: 'TCP', portFrom: 80 },
        fresh,
      ),
    ])
      expect(['SERVICE_UNAVAILABLE', 'DEADLINE_EXCEEDED']).toContain(refused.code);
    expect((await bench.becomes('vms', false)).detail).toContain('"name":"nats","ok":false');
    // The gateway needs no NATS to answer.
    expect(await bench.readiness('gateway')).toMatchObject({ ready: true });
    await bench.startNatsAgain();
    await runs(vmId);
    await bench.everyoneIsReady();
    expect([bench.pids(), bench.allRun()]).toEqual([pids, true]);
  }, 600_000);
});

describe('while NATS hangs', () => {
  it('sessions, queries and VMs are as if it were away, and all goes on when it does', async () => {
    const pids = bench.pids();
    const { pid } = bench.nats.child;
    process.kill(pid, 'SIGSTOP');
    let accepted: Outcome;
    try {
      const fresh = await bench.login();
      const answer = await bench.ask('{ me { email } vms(first: 50) { nodes { name state } } }', { token: fresh });
      expect(answer.code).toBeUndefined();
      accepted = await createVm('while-nats-hangs', fresh);
      const network = await create('Network', { departmentId, name: 'while NATS hangs' }, fresh);
      expect(['SERVICE_UNAVAILABLE', 'DEADLINE_EXCEEDED']).toContain(network.code);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await runs(vmIdOf(accepted));
    await bench.everyoneIsReady();
    expect([bench.pids(), bench.allRun()]).toEqual([pids, true]);
  }, 600_000);
});

describe('while users is away', () => {
  it('a confirmed session goes on, queries of others are answered, VMs are accepted', async () => {
    await works('the session to be confirmed', () => bench.ask('{ me { id } }', { token }));
    await bench.service('users').stop('SIGKILL');
    const vms = await bench.ask('{ vms(first: 50) { nodes { name state } } }', { token });
    const accepted = await createVm('without-users');
    const me = await bench.ask('{ me { id } }', { token });
    const login = await bench.login().catch((error: unknown) => String(error));
    await bench.startService('users');
    expect([vms.code, accepted.code, me.code]).toEqual([undefined, undefined, 'SERVICE_UNAVAILABLE']);
    expect(login).toContain('SERVICE_UNAVAILABLE');
    await bench.becomes('users', true);
    await works('users to answer', () => bench.ask('{ me { id } }', { token }));
    await runs(vmIdOf(accepted));
  }, 600_000);
});

describe('while PostgreSQL is away', () => {
  it('each subgraph says SERVICE_UNAVAILABLE and is not ready; all is well when it is back, without a restart', async () => {
    const pids = bench.pids();
    await bench.postgres.stop('immediate');
    expect(await codes()).toEqual(allUnavailable);
    for (const name of SUBGRAPHS)
      expect((await bench.becomes(name, false)).detail).toContain('"name":"postgresql","ok":false');
    const login = await bench.login().catch((error: unknown) => String(error));
    expect(login).toContain('SERVICE_UNAVAILABLE');
    expect((await bench.ask('{ me { id } vms(first: 1) { nodes { id } } }', { token })).code).toBe(
      'SERVICE_UNAVAILABLE',
    );
    await bench.startPostgresAgain();
    await allAreWellAgain();
    await bench.everyoneIsReady();
    await bench.login();
    expect([bench.pids(), bench.allRun()]).toEqual([pids, true]);
    await runs(vmIdOf(await createVm('after-postgresql')));
  }, 600_000);
});

describe('while PostgreSQL hangs', () => {
  it('each request ends by its deadline with a typed error, and the pools recover', async () => {
    const pids = bench.pids();
    const hung = processesBelow(bench.postgres.child.pid);
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    try {
      // More at once, and again, than a pool has connections: none may be kept by a request that is over.
      for (let round = 0; round < 4; round += 1) {
        const seen = (await Promise.all(Array.from({ length: 5 }, () => codes(DEADLINE_MS)))).flat(2);
        expect(seen).toHaveLength(5 * SUBGRAPHS.length * 3);
        expect(new Set(seen)).toEqual(
          new Set([
            ...SUBGRAPHS,
            ...seen.filter((code) => code === 'SERVICE_UNAVAILABLE' || code === 'DEADLINE_EXCEEDED'),
          ]),
        );
      }
      for (const name of SUBGRAPHS) await bench.becomes(name, false);
      const through = await bench.ask('{ vms(first: 1) { nodes { id } } }', { token });
      expect(['SERVICE_UNAVAILABLE', 'DEADLINE_EXCEEDED']).toContain(through.code);
    } finally {
      for (const pid of hung) process.kill(pid, 'SIGCONT');
    }
    await allAreWellAgain();
    await bench.everyoneIsReady();
    expect([bench.pids(), bench.allRun()]).toEqual([pids, true]);
    await runs(vmIdOf(await createVm('after-hanging')));
  }, 600_000);
});
