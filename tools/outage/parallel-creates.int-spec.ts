// Acceptance line 4 of issue 12: 200 creates at once on libvirt's test driver, by the real services.
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { OutageBench, type Outcome } from './outage-bench.ts';

const WAIT = { timeoutMs: 240_000 } as const;
/** What test:///default has memory for. */
const KEYS = 40;
const TIMES = 5;
/** Fewer than there are keys: the quota, and not the host, is what refuses. */
const LIMIT = 30;

let bench: OutageBench;
let token: string;
let departmentId: string;
let imageId: string;

beforeAll(async () => {
  bench = await OutageBench.start();
  token = await bench.login();
  departmentId = (await mutate('createDepartment', 'CreateDepartmentInput', { name: 'limited' })).id;
  await mutate('createNetwork', 'CreateNetworkInput', { departmentId, name: 'first' });
  imageId = await pollUntil(
    async () => {
      const images = (await bench.ask('{ images { id } }', { token })).data?.['images'] as { id: string }[] | undefined;
      return images?.[0]?.id;
    },
    { ...WAIT, what: 'a host that tells of its image' },
  );
}, 480_000);
afterAll(() => bench.stop(), 120_000);

const mutate = async (name: string, type: string, input: object): Promise<{ id: string }> => {
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { id } }`;
  const answer = await bench.ask(query, { token, variables: { input: { idempotencyKey: randomUUID(), ...input } } });
  const made = answer.data?.[name];
  if (typeof made !== 'object' || made === null || !('id' in made)) throw new Error(answer.text);
  return { id: String(made.id) };
};

const limit = async (limits: object): Promise<void> => {
  const query = `mutation ($input: SetDepartmentQuotaInput!) { setDepartmentQuota(input: $input) { quota { vms } } }`;
  const variables = { input: { idempotencyKey: randomUUID(), departmentId, ...limits } };
  const { code } = await bench.ask(query, { token, variables });
  if (code !== undefined) throw new Error(code);
};

const create = (key: string, name: string): Promise<Outcome> =>
  bench.ask(`mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id } } }`, {
    token,
    variables: { input: { idempotencyKey: key, departmentId, imageId, name, memoryMib: 64 } },
  });

const vms = async (states?: string[]): Promise<number> => {
  const query = 'query ($filter: VmFilter) { vms(first: 1, filter: $filter) { totalCount } }';
  const filter = states === undefined ? null : { states };
  const { data, text } = await bench.ask(query, { token, variables: { filter } });
  const page = data?.['vms'];
  if (typeof page !== 'object' || page === null || !('totalCount' in page)) throw new Error(text);
  return Number(page.totalCount);
};

describe('200 creates at once', () => {
  const keys = Array.from({ length: KEYS }, () => randomUUID());
  /** All keys at once, several times each. @returns what each was answered: always the same */
  const createAll = async (): Promise<Map<string, Outcome>> => {
    const calls = Array.from({ length: TIMES }, () => keys.map((key, index) => ({ key, name: `vm-${String(index)}` })));
    const answers = await Promise.all(
      calls.flat().map(async ({ key, name }) => ({ key, outcome: await persist(() => create(key, name)) })),
    );
    const byKey = Map.groupBy(answers, ({ key }) => key);
    return new Map(
      [...byKey].map(([key, of]) => {
        const [first, ...others] = of.map(({ outcome: { data, code } }) => JSON.stringify([data ?? null, code]));
        expect([key, ...others]).toEqual([key, ...others.map(() => first)]);
        return [key, of[0]?.outcome ?? { data: undefined, code: 'none', text: '' }];
      }),
    );
  };
  const made = (answers: Map<string, Outcome>): string[] =>
    [...answers].flatMap(([key, { code }]) => (code === undefined ? [key] : []));

  it('make one VM for each key and not one more than the quota', async () => {
    await limit({ vms: LIMIT });
    const answers = await createAll();
    expect(made(answers)).toHaveLength(LIMIT);
    expect([...answers.values()].flatMap(({ code }) => code ?? [])).toEqual(
      Array.from({ length: KEYS - LIMIT }, () => 'QUOTA_EXCEEDED'),
    );
    expect(await vms()).toBe(LIMIT);
  }, 600_000);

  it('again, with a higher quota, make the rest alone, and all of them run', async () => {
    await limit({ vms: KEYS });
    expect(made(await createAll())).toHaveLength(KEYS);
    expect(await vms()).toBe(KEYS);
    await pollUntil(async () => (await vms(['RUNNING'])) === KEYS, { ...WAIT, what: 'VMs that run' });
  }, 600_000);
});

/** One caller has so many turns at a time, and waits for one no longer than a request may take. */
const AGAIN = new Set(['RATE_LIMITED', 'DEADLINE_EXCEEDED', 'SERVICE_UNAVAILABLE']);

/** As a client that comes again with its key. */
const persist = (ask: () => Promise<Outcome>): Promise<Outcome> =>
  pollUntil(
    async () => {
      const outcome = await ask();
      return outcome.code !== undefined && AGAIN.has(outcome.code) ? null : outcome;
    },
    { ...WAIT, intervalMs: 250, what: 'an answer' },
  );
