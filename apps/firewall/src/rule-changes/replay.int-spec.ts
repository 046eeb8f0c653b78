import { randomUUID } from 'node:crypto';
import { findDepartments, findVms, type RequestOf } from '@infinibay/contracts';
import { hostileProblems, keyedMutations, replayProblems, type ReplayRow } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../database.js';
import { TestService, actorOf } from '../testing/test-service.js';

const CREATE = `mutation ($input: CreateFirewallRuleInput!) { createFirewallRule(input: $input) { id } }`;
const SELECT =
  '{ id direction action protocol portFrom portTo remoteCidr priority description enabled department { id } vm { id } }';

describe('mutations of firewall, repeated', () => {
  const departmentId = randomUUID();
  const vmId = randomUUID();
  const actor = actorOf([departmentId]);
  let service: TestService;
  let known = true;

  beforeAll(async () => {
    service = await TestService.start();
    service.serve(findDepartments, ({ departmentIds }: RequestOf<typeof findDepartments>) =>
      Promise.resolve({ departments: known ? departmentIds.map((id) => ({ departmentId: id, name: 'x' })) : [] }),
    );
    service.serve(findVms, () =>
      Promise.resolve({
        vms: known
          ? [{ vmId, departmentId, ownerId: randomUUID(), name: 'web', state: 'RUNNING' as const, hostId: null }]
          : [],
      }),
    );
  });
  afterAll(() => service.stop());

  const rule = { departmentId, direction: 'IN', action: 'ACCEPT', protocol: 'TCP' };
  const created = async (input: Record<string, unknown> = {}): Promise<string> => {
    const { data } = await service.graphql(actor, CREATE, {
      input: { ...rule, portFrom: 22, idempotencyKey: randomUUID(), ...input },
    });
    return (data?.['createFirewallRule'] as { id: string }).id;
  };
  const gone = () => service.get(Database).rule.deleteMany({ where: { departmentId } });
  const lost = ['RULE_NOT_FOUND'];
  const rows: Readonly<Record<string, ReplayRow>> = {
    createFirewallRule: {
      select: SELECT,
      input: () => ({ ...rule, vmId, portFrom: 22, portTo: 23, remoteCidr: '10.0.0.0/8' }),
      gone,
      other: { portFrom: 21 },
      lost,
    },
    updateFirewallRule: {
      select: SELECT,
      input: async () => ({ ruleId: await created(), priority: 7 }),
      nullHasMeaning: ['portFrom', 'portTo', 'remoteCidr'],
      gone,
      other: { priority: 8 },
      lost,
    },
    deleteFirewallRule: {
      select: '',
      input: async () => ({ ruleId: await created() }),
      gone,
      other: { ruleId: randomUUID() },
      lost,
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

  it('take a single port and an address in another spelling for the same input', async () => {
    const idempotencyKey = randomUUID();
    const first = await created({ idempotencyKey, remoteCidr: '10.1.2.3/8' });
    expect(await created({ idempotencyKey, remoteCidr: '10.0.0.0/8', portTo: 22 })).toBe(first);
  });

  it('have each left their entry in the audit', async () => {
    const entries = await service.get(Database).auditEntry.findMany({ where: { result: 'ok' }, distinct: ['verb'] });
    const names = keyedMutations(await service.schema()).map(({ name }) => name);
    expect(entries.map(({ verb }) => verb)).toEqual(expect.arrayContaining(names));
  });

  it('or anything asked with hostile arguments are never answered INTERNAL', async () => {
    const ids = {
      Department: departmentId,
      Vm: vmId,
    };
    const answer = async (query: string, variables: Record<string, unknown>) =>
      (await service.graphql(actor, query, variables)).codes;
    expect(await hostileProblems(await service.schema(), ids, answer)).toEqual([]);
  }, 120_000);

  it('are still understood of keys of older versions, which hold a bare id or nothing', async () => {
    const [id, key] = [await created(), randomUUID()];
    const stored = service.get(Database).idempotencyKey;
    await created({ idempotencyKey: key });
    await stored.updateMany({ where: { key }, data: { result: id } });
    expect(await created({ idempotencyKey: key })).toBe(id);
    const remove = `mutation ($input: DeleteFirewallRuleInput!) { deleteFirewallRule(input: $input) }`;
    const input = { ruleId: id, idempotencyKey: randomUUID() };
    await service.graphql(actor, remove, { input });
    await service
      .get(Database)
      .$executeRawUnsafe(`UPDATE idempotency_keys SET result = 'null'::jsonb WHERE key = $1`, input.idempotencyKey);
    expect(await service.graphql(actor, remove, { input })).toEqual({ data: { deleteFirewallRule: id }, codes: [] });
  });
});
