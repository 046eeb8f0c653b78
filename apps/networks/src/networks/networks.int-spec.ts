import { randomUUID } from 'node:crypto';
import { findDepartments, selectNetwork, type RequestOf } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService, actorOf } from '../testing/test-service.js';

const CREATE = `mutation ($input: CreateNetworkInput!) { createNetwork(input: $input) { id name cidr gateway capacity department { id } } }`;
const DELETE = `mutation ($input: DeleteNetworkInput!) { deleteNetwork(input: $input) }`;
const LIST = `query ($first: Int!, $after: String, $departmentId: ID) {
  networks(first: $first, after: $after, departmentId: $departmentId) { nodes { id name } totalCount pageInfo { endCursor hasNextPage } } }`;

interface Page {
  readonly nodes: { id: string; name: string }[];
  readonly totalCount: number;
  readonly pageInfo: { endCursor: string | null; hasNextPage: boolean };
}

describe('networks subgraph', () => {
  const research = randomUUID();
  const sales = randomUUID();
  const departments = new Set<string>([research, sales]);
  const researcher = actorOf([research]);
  const seller = actorOf([sales]);
  const admin = actorOf([], 'ADMIN');
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start({ NETWORKS_PER_DEPARTMENT: '500', NETWORK_ADDRESSES_PER_DEPARTMENT: '1048576' });
    service.serve(findDepartments, ({ departmentIds }: RequestOf<typeof findDepartments>) =>
      Promise.resolve({
        departments: departmentIds
          .filter((id) => departments.has(id))
          .map((departmentId) => ({ departmentId, name: 'x' })),
      }),
    );
  });
  afterAll(() => service.stop());

  const create = (input: Record<string, unknown>, actor = researcher) =>
    service.graphql(actor, CREATE, {
      input: { departmentId: research, name: `n-${randomUUID()}`, idempotencyKey: randomUUID(), ...input },
    });
  const createdId = async (input: Record<string, unknown> = {}, actor = researcher): Promise<string> => {
    const { data, codes } = await create(input, actor);
    expect(codes).toEqual([]);
    return (data?.['createNetwork'] as { id: string }).id;
  };

  it('chooses a free range of the pool when none is named', async () => {
    const answers = await Promise.all([
      create({}),
      create({}),
      create({}, researcher),
      create({ departmentId: sales }, seller),
    ]);
    const networks = answers.map(
      (answer) => answer.data?.['createNetwork'] as { cidr: string; gateway: string; capacity: number },
    );
    expect(new Set(networks.map((network) => network.cidr)).size).toBe(4);
    for (const network of networks) {
      expect(network.cidr).toMatch(/^10\.80\.\d+\.0\/24$/);
      expect(network.gateway).toBe(network.cidr.replace('.0/24', '.1'));
      expect(network.capacity).toBe(253);
    }
  });

  it('normalises the range that is named', async () => {
    const { data } = await create({ cidr: '192.168.7.9/24' });
    expect(data?.['createNetwork']).toMatchObject({
      cidr: '192.168.7.0/24',
      gateway: '192.168.7.1',
      department: { id: research },
    });
    const { id } = data?.['createNetwork'] as { id: string };
    const told = (await service.events('network.created')).filter((event) => event.resource.id === id);
    expect(told).toMatchObject([
      { departmentId: research, actor: { kind: 'user', id: researcher.userId }, data: { cidr: '192.168.7.0/24' } },
    ]);
  });

  it.each(['10.0.0', 'ten', '8.8.8.0/24', '10.0.0.0/31', '10.300.0.0/16', ''])(
    'refuses the range %j as a malformed address',
    async (cidr) => {
      expect((await create({ cidr })).codes).toEqual(['MALFORMED_ADDRESS']);
    },
  );

  it('refuses a range that overlaps a network of any department', async () => {
    await createdId({ cidr: '172.20.0.0/16' });
    expect((await create({ cidr: '172.20.5.0/24' })).codes).toEqual(['ADDRESS_RANGE_TAKEN']);
    expect((await create({ departmentId: sales, cidr: '172.20.0.0/15' }, seller)).codes).toEqual([
      'ADDRESS_RANGE_TAKEN',
    ]);
  });

  it('takes one of two overlapping ranges that are asked for at once', async () => {
    const answers = await Promise.all(['10.9.0.0/24', '10.9.0.0/23', '10.9.0.128/25'].map((cidr) => create({ cidr })));
    expect(answers.flatMap((answer) => answer.codes).sort()).toEqual(['ADDRESS_RANGE_TAKEN', 'ADDRESS_RANGE_TAKEN']);
  });

  it('refuses a name that the department has already, and allows it in another', async () => {
    await createdId({ name: 'office' });
    expect((await create({ name: ' office ' })).codes).toEqual(['NAME_TAKEN']);
    await createdId({ name: 'office', departmentId: sales }, seller);
  });

  it('makes one network of parallel calls with one key, and refuses the key with other input', async () => {
    const idempotencyKey = randomUUID();
    const ids = await Promise.all(Array.from({ length: 8 }, () => createdId({ name: 'once', idempotencyKey })));
    expect(new Set(ids).size).toBe(1);
    expect((await create({ name: 'twice', idempotencyKey })).codes).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it.each([
    ['a department that does not exist', () => randomUUID(), admin],
    ['another department', () => sales, researcher],
    ['an id that is no UUID', () => 'x', admin],
  ])('answers DEPARTMENT_NOT_FOUND for %s', async (_case, departmentId, actor) => {
    expect((await create({ departmentId: departmentId() }, actor)).codes).toEqual(['DEPARTMENT_NOT_FOUND']);
  });

  it('refuses a name with control characters and a short key', async () => {
    expect((await create({ name: 'a\u0007b' })).codes).toEqual(['INVALID_INPUT']);
    expect((await create({ idempotencyKey: 'short' })).codes).toEqual(['INVALID_INPUT']);
  });

  it('does not let another department know of a network', async () => {
    const id = await createdId();
    const query = `query ($id: ID!) { network(id: $id) { id } _entities(representations: [{ __typename: "Network", id: $id }]) { ... on Network { name } } }`;
    expect(await service.graphql(seller, query, { id })).toEqual({
      data: { network: null, _entities: [null] },
      codes: ['NETWORK_NOT_FOUND'],
    });
    expect(
      (await service.graphql(seller, DELETE, { input: { networkId: id, idempotencyKey: randomUUID() } })).codes,
    ).toEqual(['NETWORK_NOT_FOUND']);
    expect((await service.graphql(researcher, query, { id })).codes).toEqual([]);
    expect((await service.graphql(seller, LIST, { first: 10, departmentId: research })).codes).toEqual([
      'DEPARTMENT_NOT_FOUND',
    ]);
    expect((await service.graphql(admin, LIST, { first: 10, departmentId: "' OR 1=1" })).codes).toEqual([
      'DEPARTMENT_NOT_FOUND',
    ]);
    expect((await service.graphql(null, LIST, { first: 10 })).codes).toEqual(['UNAUTHENTICATED']);
    expect((await service.graphql(researcher, query, { id: "' OR 1=1" })).codes).toEqual(['NETWORK_NOT_FOUND']);
  });

  it('shows only the networks of the own departments, in pages', async () => {
    const department = randomUUID();
    const member = actorOf([department]);
    const names = ['a', 'b', 'c'];
    for (const name of names) await insert(service, department, name);
    const read = async (after: string | null): Promise<Page> =>
      (await service.graphql(member, LIST, { first: 2, after })).data?.['networks'] as Page;
    const first = await read(null);
    const second = await read(first.pageInfo.endCursor);
    expect([...first.nodes, ...second.nodes].map((network) => network.name).sort()).toEqual(names);
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([3, true, false]);
  });

  it('adds to a department at most as many networks as were asked for, each department for itself', async () => {
    const [many, few] = [randomUUID(), randomUUID()];
    for (let index = 0; index < 60; index += 1) await insert(service, many, `many-${index}`);
    await insert(service, few, 'one');
    const query = (argument: string) =>
      `query ($ids: [_Any!]!) { _entities(representations: $ids) { ... on Department { networks${argument} { name } } } }`;
    const ids = [many, few].map((id) => ({ __typename: 'Department', id }));
    const read = async (argument: string): Promise<readonly (string | number)[]> => {
      const { data, codes } = await service.graphql(actorOf([many, few]), query(argument), { ids });
      return codes.length > 0
        ? codes
        : (data?.['_entities'] as { networks: { name: string }[] }[]).map(({ networks }) => networks.length);
    };
    expect(await read('')).toEqual([50, 1]);
    expect(await read('(first: 3)')).toEqual([3, 1]);
    expect(await read('(first: 200)')).toEqual([60, 1]);
    for (const first of [0, -1, 201])
      expect(new Set(await read(`(first: ${first})`))).toEqual(new Set(['INVALID_INPUT']));
  });

  it('takes a range left out, null and written otherwise for the same input', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const left = await createdId({ name: 'left out', idempotencyKey: first });
    expect(await createdId({ name: 'left out', idempotencyKey: first, cidr: null })).toBe(left);
    const named = await createdId({ name: 'named', idempotencyKey: second, cidr: '172.26.0.9/24' });
    expect(await createdId({ name: 'named', idempotencyKey: second, cidr: '172.26.0.0/24' })).toBe(named);
    expect((await create({ name: 'named', idempotencyKey: second })).codes).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it("adds a department's networks to the department, for its members only", async () => {
    const query = `query ($id: ID!) { _entities(representations: [{ __typename: "Department", id: $id }]) { ... on Department { networks { id } } } }`;
    const own = (await service.graphql(seller, query, { id: sales })).data?.['_entities'] as { networks: unknown[] }[];
    const others = (await service.graphql(seller, query, { id: research })).data?.['_entities'];
    expect(own[0]?.networks.length).toBeGreaterThan(0);
    expect(others).toEqual([{ networks: [] }]);
  });

  it('deletes once, whatever the number of calls', async () => {
    const networkId = await createdId();
    const input = { networkId, idempotencyKey: randomUUID() };
    const first = await service.graphql(researcher, DELETE, { input });
    const again = await service.graphql(researcher, DELETE, { input });
    expect(first).toEqual({ data: { deleteNetwork: networkId }, codes: [] });
    expect(again).toEqual(first);
    expect(
      (await service.graphql(researcher, DELETE, { input: { networkId, idempotencyKey: randomUUID() } })).codes,
    ).toEqual(['NETWORK_NOT_FOUND']);
  });

  it('selects the network asked for, or the oldest, and never that of another department', async () => {
    const department = randomUUID();
    await expect(service.call(selectNetwork, { departmentId: department, networkId: null })).rejects.toMatchObject({
      code: 'NETWORK_REQUIRED',
    });
    const oldest = await insert(service, department, 'first');
    const newest = await insert(service, department, 'second');
    expect(await service.call(selectNetwork, { departmentId: department, networkId: null })).toEqual({
      networkId: oldest,
    });
    expect(await service.call(selectNetwork, { departmentId: department, networkId: newest })).toEqual({
      networkId: newest,
    });
    await expect(service.call(selectNetwork, { departmentId: sales, networkId: newest })).rejects.toMatchObject({
      code: 'NETWORK_NOT_FOUND',
    });
  });
});

let nextOctet = 0;
const insert = async (service: TestService, departmentId: string, name: string): Promise<string> =>
  service.insertNetwork(departmentId, name, `100.64.${nextOctet++}.0/24`);
