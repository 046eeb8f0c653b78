import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TestService, actorOf } from '../testing/test-service.js';

const REFERENCES = 'query ($of: [_Any!]!) { _entities(representations: $of)';

describe('the subgraph, asked by nobody who is known', () => {
  const departmentId = randomUUID();
  let service: TestService;
  let networkId: string;

  beforeAll(async () => {
    service = await TestService.start();
    networkId = await service.insertNetwork(departmentId, 'first', '100.64.9.0/24');
  });
  afterAll(() => service.stop());

  /** [what it is, query, variables]: every way into the data. */
  const ways = (): readonly (readonly [string, string, Record<string, unknown>])[] => [
    ['query', 'query ($id: ID!) { network(id: $id) { id } }', { id: networkId }],
    ['list', '{ networks(first: 1) { nodes { id } } }', {}],
    [
      'mutation',
      'mutation ($input: DeleteNetworkInput!) { deleteNetwork(input: $input) }',
      { input: { idempotencyKey: randomUUID(), networkId } },
    ],
    ['reference', `${REFERENCES} { ... on Network { name } } }`, { of: [{ __typename: 'Network', id: networkId }] }],
    [
      'field of a department',
      `${REFERENCES} { ... on Department { networks { name } } } }`,
      { of: [{ __typename: 'Department', id: departmentId }] },
    ],
    [
      'field of a VM',
      `${REFERENCES} { ... on Vm { ports { id } } } }`,
      { of: [{ __typename: 'Vm', id: randomUUID() }] },
    ],
  ];

  it('refuses each way into its data, and lets a member in by the same ways', async () => {
    const codes = await Promise.all(
      ways().map(async ([way, query, of]) => [way, (await service.graphql(null, query, of)).codes]),
    );
    expect(codes).toEqual(ways().map(([way]) => [way, ['UNAUTHENTICATED']]));
    const member = actorOf([departmentId]);
    const reads = ways().filter(([way]) => way !== 'mutation');
    const seen = await Promise.all(
      reads.map(async ([way, query, of]) => [way, (await service.graphql(member, query, of)).codes]),
    );
    expect(seen).toEqual(reads.map(([way]) => [way, []]));
  });

  it('shows its schema: the gateway composes it without a user', async () => {
    expect(await service.schema()).toContain('type Network');
  });
});
