import { randomUUID } from 'node:crypto';
import { findDepartments, findVms, type RequestOf } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService, actorOf } from '../testing/test-service.js';

const FIELDS = `id direction action protocol portFrom portTo remoteCidr priority description enabled department { id } vm { id }`;
const CREATE = `mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { ${FIELDS} } }`;
const UPDATE = `mutation ($input: UpdateFirewallRuleInput!) { updateFirewallRule(input: $input) { ${FIELDS} } }`;
const DELETE = `mutation ($input: DeleteFirewallRuleInput!) { deleteFirewallRule(input: $input) }`;
const LIST = `query ($departmentId: ID, $vmId: ID) { firewallRules(departmentId: $departmentId, vmId: $vmId) { nodes { id } totalCount } }`;

describe('firewall subgraph', () => {
  const research = randomUUID();
  const sales = randomUUID();
  const researchVm = randomUUID();
  const salesVm = randomUUID();
  const researcher = actorOf([research]);
  const seller = actorOf([sales]);
  const admin = actorOf([], 'ADMIN');
  const departments = new Set<string>([research, sales]);
  const vms = new Map<string, string>([
    [researchVm, research],
    [salesVm, sales],
  ]);
  let service: TestService;

  beforeAll(async () => {
    service = await TestService.start();
    service.serve(findDepartments, ({ departmentIds }: RequestOf<typeof findDepartments>) =>
      Promise.resolve({
        departments: departmentIds
          .filter((id) => departments.has(id))
          .map((departmentId) => ({ departmentId, name: 'x' })),
      }),
    );
    service.serve(findVms, ({ vmIds }: RequestOf<typeof findVms>) =>
      Promise.resolve({
        vms: vmIds.flatMap((vmId) => {
          const departmentId = vms.get(vmId);
          return departmentId === undefined
            ? []
            : [{ vmId, departmentId, ownerId: randomUUID(), name: 'web', state: 'RUNNING', hostId: null }];
        }),
      }),
    );
  });
  afterAll(() => service.stop());

  const create = (input: Record<string, unknown> = {}, actor = researcher) =>
    service.graphql(actor, CREATE, {
      input: {
        departmentId: research,
        direction: 'IN',
        action: 'ACCEPT',
        protocol: 'TCP',
        portFrom: 22,
        idempotencyKey: randomUUID(),
        ...input,
      },
    });
  const createdId = async (input: Record<string, unknown> = {}, actor = researcher): Promise<string> => {
    const { data, codes } = await create(input, actor);
    expect(codes).toEqual([]);
    return (data?.['createFirewallRule'] as { id: string }).id;
  };
  const update = (input: Record<string, unknown>, actor = researcher) =>
    service.graphql(actor, UPDATE, { input: { idempotencyKey: randomUUID(), ...input } });

  it('makes a rule with its defaults and tells of it', async () => {
    const { data } = await create({ remoteCidr: '10.1.2.3/8' });
    expect(data?.['createFirewallRule']).toMatchObject({
      portFrom: 22,
      portTo: 22,
      remoteCidr: '10.0.0.0/8',
      priority: 0,
      description: '',
      enabled: true,
      department: { id: research },
      vm: null,
    });
    const { id } = data?.['createFirewallRule'] as { id: string };
    const told = (await service.events('firewall-rule.created')).filter((event) => event.resource.id === id);
    expect(told).toMatchObject([
      { departmentId: research, actor: { kind: 'user', id: researcher.userId }, data: { ruleId: id, vmId: null } },
    ]);
  });

  it.each([
    [{ portFrom: 70_000 }, 'PORT_OUT_OF_RANGE'],
    [{ portFrom: 0 }, 'PORT_OUT_OF_RANGE'],
    [{ portFrom: 80, portTo: 22 }, 'PORT_OUT_OF_RANGE'],
    [{ protocol: 'ICMP' }, 'INVALID_INPUT'],
    [{ remoteCidr: '10.0.0.0/64' }, 'MALFORMED_ADDRESS'],
    [{ remoteCidr: 'everybody' }, 'MALFORMED_ADDRESS'],
    [{ remoteCidr: 'x'.repeat(100) }, 'MALFORMED_ADDRESS'],
    [{ priority: 5_000 }, 'INVALID_INPUT'],
    [{ description: 'a\u0000b' }, 'INVALID_INPUT'],
    [{ direction: 'SIDEWAYS' }, 'INVALID_INPUT'],
    [{ vmId: 'no-uuid' }, 'VM_NOT_FOUND'],
    [{ vmId: randomUUID() }, 'VM_NOT_FOUND'],
    [{ vmId: salesVm }, 'VM_NOT_FOUND'],
    [{ departmentId: sales }, 'DEPARTMENT_NOT_FOUND'],
  ])('refuses %j with %s', async (input, code) => {
    expect((await create(input)).codes).toEqual([code]);
  });

  it('refuses a department that does not exist, also to an administrator', async () => {
    expect((await create({ departmentId: randomUUID() }, admin)).codes).toEqual(['DEPARTMENT_NOT_FOUND']);
  });

  it('makes one rule of parallel calls with one key', async () => {
    const idempotencyKey = randomUUID();
    const ids = await Promise.all(Array.from({ length: 8 }, () => createdId({ idempotencyKey, portFrom: 8_080 })));
    expect(new Set(ids).size).toBe(1);
    expect((await create({ idempotencyKey, portFrom: 8_081 })).codes).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('takes null and left out for the same input, but not where null clears a field', async () => {
    const [created, changed] = [randomUUID(), randomUUID()];
    const ruleId = await createdId({ idempotencyKey: created, portFrom: 85, remoteCidr: '10.0.0.0/8' });
    expect(await createdId({ idempotencyKey: created, portFrom: 85, remoteCidr: '10.0.0.0/8', vmId: null })).toBe(
      ruleId,
    );
    const asked = { ruleId, idempotencyKey: changed, priority: 9 };
    expect((await update(asked)).codes).toEqual([]);
    expect((await update({ ...asked, description: null })).codes).toEqual([]);
    expect((await update({ ...asked, remoteCidr: null })).codes).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('changes only what is given', async () => {
    const ruleId = await createdId({ portFrom: 80, portTo: 90, remoteCidr: '10.0.0.0/8', priority: 7 });
    expect((await update({ ruleId, action: 'DROP' })).data?.['updateFirewallRule']).toMatchObject({
      action: 'DROP',
      portFrom: 80,
      portTo: 90,
      priority: 7,
    });
    expect((await update({ ruleId, portFrom: 443 })).data?.['updateFirewallRule']).toMatchObject({
      portFrom: 443,
      portTo: 443,
      remoteCidr: '10.0.0.0/8',
    });
    expect((await update({ ruleId, remoteCidr: null, enabled: false })).data?.['updateFirewallRule']).toMatchObject({
      remoteCidr: null,
      enabled: false,
    });
    expect((await update({ ruleId, protocol: 'ICMP' })).codes).toEqual(['INVALID_INPUT']);
    expect((await update({ ruleId, protocol: 'ICMP', portFrom: null })).data?.['updateFirewallRule']).toMatchObject({
      protocol: 'ICMP',
      portTo: null,
    });
    expect((await update({ ruleId, protocol: 'UDP', portFrom: 70_000 })).codes).toEqual(['PORT_OUT_OF_RANGE']);
  });

  it('deletes once, whatever the number of calls', async () => {
    const ruleId = await createdId();
    const input = { ruleId, idempotencyKey: randomUUID() };
    const answers = [
      await service.graphql(researcher, DELETE, { input }),
      await service.graphql(researcher, DELETE, { input }),
    ];
    expect(answers).toEqual([0, 1].map(() => ({ data: { deleteFirewallRule: ruleId }, codes: [] })));
    expect((await update({ ruleId, priority: 1 })).codes).toEqual(['RULE_NOT_FOUND']);
  });

  it('does not let another department know of a rule', async () => {
    const id = await createdId({ vmId: researchVm });
    const read = `query ($id: ID!) { firewallRule(id: $id) { id } _entities(representations: [{ __typename: "FirewallRule", id: $id }]) { ... on FirewallRule { id } } }`;
    expect(await service.graphql(seller, read, { id })).toEqual({
      data: { firewallRule: null, _entities: [null] },
      codes: ['RULE_NOT_FOUND'],
    });
    expect((await update({ ruleId: id, priority: 1 }, seller)).codes).toEqual(['RULE_NOT_FOUND']);
    expect(
      (await service.graphql(seller, DELETE, { input: { ruleId: id, idempotencyKey: randomUUID() } })).codes,
    ).toEqual(['RULE_NOT_FOUND']);
    expect((await service.graphql(seller, LIST, { departmentId: research })).codes).toEqual(['DEPARTMENT_NOT_FOUND']);
    expect((await service.graphql(seller, LIST, { vmId: researchVm })).data?.['firewallRules']).toEqual({
      nodes: [],
      totalCount: 0,
    });
    expect((await service.graphql(researcher, LIST, { vmId: researchVm })).data?.['firewallRules']).toEqual({
      nodes: [{ id }],
      totalCount: 1,
    });
    expect((await service.graphql(null, LIST)).codes).toEqual(['UNAUTHENTICATED']);
  });

  it("adds a department's rules to the department, for its members only", async () => {
    const id = await createdId({ departmentId: sales }, seller);
    const query = `query ($id: ID!) { _entities(representations: [{ __typename: "Department", id: $id }]) { ... on Department { firewallRules { id } } } }`;
    expect((await service.graphql(seller, query, { id: sales })).data?.['_entities']).toEqual([
      { firewallRules: [{ id }] },
    ]);
    expect((await service.graphql(researcher, query, { id: sales })).data?.['_entities']).toEqual([
      { firewallRules: [] },
    ]);
    const sized = (first: number) =>
      service.graphql(seller, query.replace('firewallRules', `firewallRules(first: ${first})`), { id: sales });
    expect((await sized(0)).data?.['_entities']).toEqual([{ firewallRules: [] }]);
    for (const first of [-1, 101]) expect((await sized(first)).codes).toEqual(['INVALID_INPUT']);
  });

  it('refuses more rules than a filter is to have, of a department and of a VM', async () => {
    const department = randomUUID();
    const vm = randomUUID();
    departments.add(department);
    vms.set(vm, department);
    const member = actorOf([department]);
    for (const vmId of [null, vm]) {
      const input = { departmentId: department, vmId };
      for (let count = 0; count < 100; count += 1) await createdId(input, member);
      expect((await create(input, member)).codes).toEqual(['RULE_LIMIT_REACHED']);
    }
  });

  it('shows the effective rules of a VM in the order in which they are matched', async () => {
    const own = await createdId({ departmentId: sales, vmId: salesVm, priority: -5 }, seller);
    const late = await createdId({ departmentId: sales, priority: 50 }, seller);
    await createdId({ departmentId: sales, enabled: false }, seller);
    const query = `query ($id: ID!) { _entities(representations: [{ __typename: "Vm", id: $id }]) { ... on Vm { effectiveFirewallRules { id } firewall { status } } } }`;
    const [vm] = (await service.graphql(seller, query, { id: salesVm })).data?.['_entities'] as {
      effectiveFirewallRules: { id: string }[];
      firewall: unknown;
    }[];
    const ids = vm?.effectiveFirewallRules.map((rule) => rule.id) ?? [];
    expect([ids.at(0), ids.at(-1), vm?.firewall]).toEqual([own, late, null]);
    expect((await service.graphql(researcher, query, { id: salesVm })).data?.['_entities']).toEqual([
      { effectiveFirewallRules: [], firewall: null },
    ]);
  });
});
