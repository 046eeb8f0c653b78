import { randomUUID } from 'node:crypto';
import { findDepartments, type RequestOf } from '@infinibay/contracts';
import { hostileProblems, keyedMutations, replayProblems, type ReplayAnswer, type ReplayRow } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../database.js';
import { TestService, actorOf } from '../testing/test-service.js';

describe('mutations of networks, repeated', () => {
  const departmentId = randomUUID();
  const actor = actorOf([departmentId]);
  let service: TestService;
  let known = true;

  beforeAll(async () => {
    service = await TestService.start({ NETWORKS_PER_DEPARTMENT: '500' });
    service.serve(findDepartments, ({ departmentIds }: RequestOf<typeof findDepartments>) =>
      Promise.resolve({ departments: known ? departmentIds.map((id) => ({ departmentId: id, name: 'x' })) : [] }),
    );
  });
  afterAll(() => service.stop());

  let octet = 0;
  const inserted = () => service.insertNetwork(departmentId, randomUUID(), `100.64.${octet++}.0/24`);
  const rows: Readonly<Record<string, ReplayRow>> = {
    createNetwork: {
      select: '{ id name cidr gateway capacity createdAt department { id } }',
      input: () => ({ departmentId, name: `Café ${randomUUID()}` }),
      gone: (_input, { data }: ReplayAnswer) =>
        service
          .get(Database)
          .network.delete({ where: { id: (data as { createNetwork: { id: string } }).createNetwork.id } }),
      other: { name: 'other' },
      taken: 'NAME_TAKEN',
      lost: ['NETWORK_NOT_FOUND'],
    },
    deleteNetwork: {
      select: '',
      input: async () => ({ networkId: await inserted() }),
      gone: () => Promise.resolve(),
      other: { networkId: randomUUID() },
      lost: ['NETWORK_NOT_FOUND'],
    },
  };
  const bench = {
    ask: (query: string, variables: Record<string, unknown>, as: string) =>
      service.graphql(as === 'actor' ? actor : { ...actor, departmentIds: [] }, query, variables),
    away: () => void (known = false),
    back: () => void (known = true),
  };

  it('get the first answer, whatever is gone since: every mutation of the schema', async () => {
    expect(await replayProblems(bench, await service.schema(), rows)).toEqual([]);
  });

  it('have each left their entry in the audit', async () => {
    const entries = await service.get(Database).auditEntry.findMany({ where: { result: 'ok' }, distinct: ['verb'] });
    const names = keyedMutations(await service.schema()).map(({ name }) => name);
    expect(entries.map(({ verb }) => verb)).toEqual(expect.arrayContaining(names));
  });

  it('or anything asked with hostile arguments are never answered INTERNAL', async () => {
    const ids = {
      Department: departmentId,
      Vm: randomUUID(),
    };
    const answer = async (query: string, variables: Record<string, unknown>) =>
      (await service.graphql(actor, query, variables)).codes;
    expect(await hostileProblems(await service.schema(), ids, answer)).toEqual([]);
  }, 120_000);

  it('are still understood of keys of older versions, which hold a bare id or nothing', async () => {
    const [id, key] = [await inserted(), randomUUID()];
    const create = `mutation ($input: CreateNetworkInput!) { createNetwork(input: $input) { id } }`;
    const input = { departmentId, name: 'old', idempotencyKey: key };
    const { data } = await service.graphql(actor, create, { input });
    const stored = service.get(Database).idempotencyKey;
    await stored.updateMany({ where: { key }, data: { result: id } });
    expect((await service.graphql(actor, create, { input })).data).toEqual({ createNetwork: { id } });
    expect(data).not.toEqual({ createNetwork: { id } });
  });
});
