import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const TRANSFER = 'mutation ($input: TransferVmInput!) { transferVm(input: $input) { id owner { id } } }';

interface Owned {
  readonly id: string;
  readonly owner: { readonly id: string };
}

describe('a VM that is given to somebody else', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const colleague = (): string => {
    const userId = randomUUID();
    bench.neighbours.members.add(bench.departmentId, userId);
    return userId;
  };
  const transfer = async (
    vmId: string,
    ownerId: string,
    by: Actor = bench.actor,
    idempotencyKey: string = randomUUID(),
  ): Promise<Owned | string | undefined> => {
    const { data, errors } = await bench.vms.ask(by, TRANSFER, { input: { idempotencyKey, vmId, ownerId } });
    return (data?.['transferVm'] as Owned | undefined) ?? errors?.[0]?.extensions.code;
  };
  const owned = (id: string, ownerId: string): Owned => ({ id, owner: { id: ownerId } });
  const view = async (id: string): Promise<unknown> =>
    (await bench.vms.ask(bench.actor, 'query ($id: ID!) { vm(id: $id) { id owner { id } } }', { id })).data?.['vm'];
  const database = () => bench.vms.get(PrismaClient);
  const told = async (vmId: string) => {
    const rows = await database().outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows
      .map(({ payload }) => payload as { name: string; resource: { id: string }; data: Record<string, string> })
      .filter(({ name, resource }) => name === 'vm.transferred' && resource.id === vmId)
      .map(({ data }) => data);
  };
  const authorOfFirst = async (id: string): Promise<unknown> => {
    const query = 'query ($id: ID!) { vm(id: $id) { revisions { nodes { number author { id } } } } }';
    return (await bench.vms.ask(bench.actor, query, { id })).data?.['vm'];
  };

  it('is theirs at once, in lists too, audited with whose it is, and told', async () => {
    const [vmId, ownerId] = [await bench.created(), colleague()];
    expect(await transfer(vmId, ownerId)).toEqual(owned(vmId, ownerId));
    expect(await view(vmId)).toEqual(owned(vmId, ownerId));
    const list = 'query ($f: VmFilter) { vms(filter: $f) { nodes { id } } }';
    const { data } = await bench.vms.ask(bench.actor, list, { f: { ownerIds: [ownerId] } });
    expect(data).toEqual({ vms: { nodes: [{ id: vmId }] } });
    expect(await told(vmId)).toEqual([{ vmId, fromOwnerId: bench.actor.userId, ownerId }]);
    const entries = await database().auditEntry.findMany({ where: { resourceId: vmId }, orderBy: { id: 'asc' } });
    expect(entries.map(({ verb, result, actorId }) => [verb, result, actorId])).toEqual([
      ['createVm', 'ok', bench.actor.userId],
      [`transferVm:${ownerId}`, 'ok', bench.actor.userId],
    ]);
  });

  it('was still made by who made it, also where no revision was written before', async () => {
    const [vmId, older] = [await bench.created(), await bench.created()];
    await database().vmRevision.deleteMany({ where: { vmId: older } });
    const made = { revisions: { nodes: [{ number: 1, author: { id: bench.actor.userId } }] } };
    for (const id of [vmId, older]) {
      const ownerId = colleague();
      expect(await transfer(id, ownerId)).toEqual(owned(id, ownerId));
      expect(await authorOfFirst(id)).toEqual(made);
    }
  });

  it('goes to members of its department alone, whoever asks', async () => {
    const vmId = await bench.created();
    const stranger = randomUUID();
    bench.neighbours.members.add(randomUUID(), stranger);
    for (const by of [bench.actor, admin()])
      for (const ownerId of [randomUUID(), stranger, 'nonsense', ''])
        expect([ownerId, await transfer(vmId, ownerId, by)]).toEqual([ownerId, 'USER_NOT_FOUND']);
    expect(await view(vmId)).toEqual(owned(vmId, bench.actor.userId));
    expect(await told(vmId)).toEqual([]);
  });

  it('is not found by somebody of another department, who learns nothing of its members either', async () => {
    const [vmId, ownerId] = [await bench.created(), colleague()];
    const asked = bench.neighbours.members.asked;
    for (const by of [memberOf(randomUUID()), memberOf()])
      for (const whom of [ownerId, randomUUID(), by.userId])
        expect(await transfer(vmId, whom, by)).toBe('VM_NOT_FOUND');
    for (const unknown of [randomUUID(), 'nonsense', '']) expect(await transfer(unknown, ownerId)).toBe('VM_NOT_FOUND');
    expect(bench.neighbours.members.asked).toBe(asked);
    expect(await transfer(vmId, ownerId, admin())).toEqual(owned(vmId, ownerId));
  });

  it('is given once for a key, and the key is refused for somebody else', async () => {
    const [vmId, first, second] = [await bench.created(), colleague(), colleague()];
    const key = randomUUID();
    expect(await transfer(vmId, first, bench.actor, key)).toEqual(owned(vmId, first));
    expect(await transfer(vmId, second)).toEqual(owned(vmId, second));
    expect(await transfer(vmId, first, bench.actor, key)).toEqual(owned(vmId, second));
    expect(await transfer(vmId, second, bench.actor, key)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await told(vmId)).map(({ ownerId }) => ownerId)).toEqual([first, second]);
  });

  it('is neither written nor told of when it is theirs already', async () => {
    const [vmId, ownerId] = [await bench.created(), colleague()];
    await transfer(vmId, ownerId);
    expect(await transfer(vmId, ownerId)).toEqual(owned(vmId, ownerId));
    expect(await told(vmId)).toHaveLength(1);
  });

  it('passes from one to the next when several give it away at once', async () => {
    const [vmId, ...owners] = [await bench.created(), colleague(), colleague(), colleague()];
    const answers = await Promise.all(owners.map((ownerId) => transfer(vmId, ownerId)));
    expect(answers.every((answer) => typeof answer === 'object')).toBe(true);
    const passed = await told(vmId);
    expect(passed.map(({ ownerId }) => ownerId).sort()).toEqual([...owners].sort());
    const before = [bench.actor.userId, ...passed.map(({ ownerId }) => ownerId)];
    expect(passed.map(({ fromOwnerId }) => fromOwnerId)).toEqual(before.slice(0, -1));
    expect(await view(vmId)).toEqual(owned(vmId, String(before.at(-1))));
  });

  it('is given nobody while it is being deleted', async () => {
    const [vmId, ownerId] = [await bench.created(), colleague()];
    await bench.reaches(vmId, 'RUNNING');
    // A late report would have a worker bring its state back.
    await bench.hold(vmId);
    await database().vm.update({ where: { id: vmId }, data: { state: 'DELETING' } });
    expect(await transfer(vmId, ownerId)).toBe('VM_BUSY');
    expect(await told(vmId)).toEqual([]);
  });

  it('stays whose it is while nobody tells who is a member, and the same call succeeds later', async () => {
    const [vmId, ownerId, key] = [await bench.created(), randomUUID(), randomUUID()];
    const { hostId, imageId, departments } = bench.neighbours;
    await bench.neighbours.stop();
    expect(await transfer(vmId, ownerId, bench.actor, key)).toBe('SERVICE_UNAVAILABLE');
    expect(await view(vmId)).toEqual(owned(vmId, bench.actor.userId));
    bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId });
    for (const id of departments) bench.neighbours.departments.add(id);
    bench.neighbours.members.add(bench.departmentId, ownerId);
    expect(await transfer(vmId, ownerId, bench.actor, key)).toEqual(owned(vmId, ownerId));
  });
});
