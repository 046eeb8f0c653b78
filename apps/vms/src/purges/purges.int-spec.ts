import { randomUUID } from 'node:crypto';
import { hostAgentStarted } from '@infinibay/contracts';
import { newEvent, newId } from '@infinibay/platform-persistence';
import { holdsFor, pollUntil } from '@infinibay/testing';
import { ACTIONS, isRefusedWhileScheduled } from '@infinibay/vms-domain';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { AutostartController } from '../reconcile/autostart.controller.js';
import { BulkBench } from '../testing/bulk-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { PurgeWorker } from './purge.worker.js';

const PURGE_AT = `query ($id: ID!) { vm(id: $id) { purgeAt } }`;
const UNDELETE = `mutation ($input: VmActionInput!) { undeleteVm(input: $input) { id state purgeAt } }`;
const LISTED = `query ($filter: VmFilter) { vms(filter: $filter, first: 200) { nodes { id } totalCount } }`;
const A_DAY = 'purgeAfterSeconds: 86400';

describe('a VM that is going to be deleted', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SOFT_DELETE_KEEP_SECONDS: '3600' });
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const row = (id: string) => database().vm.findUniqueOrThrow({ where: { id } });
  const purgeAt = async (id: string): Promise<string | null> => {
    const { data } = await bench.vms.ask(bench.actor, PURGE_AT, { id });
    return (data?.['vm'] as { purgeAt: string | null }).purgeAt;
  };
  const softDelete = async (id: string, options = A_DAY): Promise<void> => {
    expect((await bench.actWith('softDeleteVm', id, options)).errors).toBeUndefined();
    await bench.reaches(id, 'STOPPED');
  };
  const undelete = (vmId: string, idempotencyKey: string = randomUUID()) =>
    bench.vms.ask(bench.actor, UNDELETE, { input: { idempotencyKey, vmId } });
  const codeOf = (answer: { errors?: readonly { extensions: { code: string } }[] | undefined }) =>
    answer.errors?.[0]?.extensions.code;
  /** Kinds of its operations, the oldest first. */
  const kinds = async (resourceId: string) =>
    (await database().operation.findMany({ where: { resourceId }, orderBy: { id: 'asc' } })).map(({ kind }) => kind);

  it('is off, tells when, and is back with all that it had when that is taken back', async () => {
    const id = await bench.running();
    const { name } = await row(id);
    await softDelete(id);
    expect(bench.neighbours.vm(id).power).toBe('off');
    const { purgeAt: at, createdAt } = await row(id);
    expect(await purgeAt(id)).toBe(at?.toISOString());
    const { createdAt: asked } = await database().operation.findFirstOrThrow({
      where: { resourceId: id, kind: 'SOFT_DELETE_VM' },
    });
    // By the database's clock, of one transaction.
    expect(at?.getTime()).toBe(asked.getTime() + 86_400_000);
    expect(asked.getTime()).toBeGreaterThan(createdAt.getTime());
    expect(codeOf(await bench.create(bench.input({ name })))).toBe('NAME_TAKEN');

    const key = randomUUID();
    for (const _ of [1, 2]) {
      const { data, errors } = await undelete(id, key);
      expect(errors).toBeUndefined();
      expect(data?.['undeleteVm']).toEqual({ id, state: 'STOPPED', purgeAt: null });
    }
    expect((await undelete(id)).errors).toBeUndefined();
    const told = await bench.told(id);
    for (const fact of ['deletion-scheduled', 'deletion-cancelled'])
      expect(told.filter((one) => one === fact)).toHaveLength(1);
    const before = bench.neighbours.calls.length;
    expect((await bench.act('startVm', id)).errors).toBeUndefined();
    await bench.reaches(id, 'RUNNING');
    expect(bench.neighbours.calls.slice(0, before)).not.toContain('remove-disk');
  }, 180_000);

  it('stays as it is: everything but what keeps it off or deletes it is refused, and nothing is changed', async () => {
    const id = await bench.running({ autostart: true });
    await softDelete(id);
    const before = await row(id);
    const refused = ACTIONS.filter(({ kind }) => isRefusedWhileScheduled(kind)).map(({ mutation }) => mutation);
    const ask = (mutation: string) => {
      if (mutation.endsWith('Volume')) return bench.move(mutation, id, randomUUID());
      const snapshot = /^(revert|delete).*Snapshot$/.test(mutation) ? { snapshotId: randomUUID() } : {};
      return bench.say(mutation, { vmId: id, ...(mutation === 'cloneVm' ? { name: 'a-clone' } : {}), ...snapshot });
    };
    const answers: Record<string, string | undefined> = {};
    for (const mutation of refused) answers[mutation] = codeOf(await ask(mutation));
    expect(answers).toEqual(Object.fromEntries(refused.map((mutation) => [mutation, 'DELETION_SCHEDULED'])));
    const said: readonly (readonly [string, string, object])[] = [
      ['renameVm', 'RenameVmInput', { name: 'other' }],
      ['setVmDeletionProtection', 'SetVmDeletionProtectionInput', { deletionProtected: true }],
      ['setVmCloudInit', 'SetVmCloudInitInput', { cloudInit: null }],
    ];
    for (const [mutation, type, more] of said) {
      const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { id } }`;
      const input = { idempotencyKey: randomUUID(), vmId: id, ...more };
      expect([mutation, codeOf(await bench.vms.ask(bench.actor, query, { input }))]).toEqual([
        mutation,
        'DELETION_SCHEDULED',
      ]);
    }
    const hostId = bench.neighbours.hostId;
    for (const bootId of [randomUUID(), randomUUID()]) {
      const data = { ...hostAgentStarted.example, hostId, epoch: newId(), bootId };
      const event = newEvent(hostAgentStarted, { departmentId: null, resource: { kind: 'host', id: hostId }, data });
      await bench.vms.get(AutostartController).agentStarted({ ...event, data });
    }
    expect((await bench.act('forceOffVm', id)).errors).toBeUndefined();
    await bench.until(id, 'the end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    const { state, desired, name, purgeAt: at, autostart, deletionProtected } = await row(id);
    expect({ state, desired, name, at, autostart, deletionProtected }).toEqual({
      state: 'STOPPED',
      desired: 'FORCED_OFF',
      name: before.name,
      at: before.purgeAt,
      autostart: true,
      deletionProtected: false,
    });
  }, 240_000);

  it('is deleted when the time is over, for who asked for it, by the last time that was said', async () => {
    const id = await bench.running();
    await softDelete(id);
    await softDelete(id, 'purgeAfterSeconds: 1');
    await bench.isGone(id);
    expect(await kinds(id)).toEqual(['CREATE_VM', 'SOFT_DELETE_VM', 'SOFT_DELETE_VM', 'DELETE_VM']);
    const { actorId } = await database().operation.findFirstOrThrow({ where: { resourceId: id, kind: 'DELETE_VM' } });
    expect(actorId).toBe(bench.actor.userId);
    expect(bench.neighbours.calls).toContain('remove-disk');
    expect((await row(id)).purgeAt).toBeNull();
    expect(codeOf(await undelete(id))).toBe('VM_NOT_FOUND');
  }, 180_000);

  it('is deleted at once when somebody does not want to wait', async () => {
    const id = await bench.running();
    await softDelete(id);
    expect((await bench.act('deleteVm', id)).errors).toBeUndefined();
    await bench.isGone(id);
    expect(await kinds(id)).toEqual(['CREATE_VM', 'SOFT_DELETE_VM', 'DELETE_VM']);
  }, 180_000);

  it('takes its volumes along when that was said, and leaves them otherwise', async () => {
    for (const isDeleted of [true, false]) {
      const [id, volumeId] = [await bench.running(), await bench.volume()];
      await bench.attach(id, volumeId);
      await softDelete(id, `purgeAfterSeconds: 1${isDeleted ? ', deleteVolumes: true' : ''}`);
      await bench.isGone(id);
      const settled = isDeleted ? 'DELETED' : 'AVAILABLE';
      const volume = () => database().volume.findUniqueOrThrow({ where: { id: volumeId } });
      await pollUntil(async () => (await volume()).state === settled, { what: settled, timeoutMs: 60_000 });
      expect((await volume()).attachedVmId).toBeNull();
    }
  }, 180_000);

  it('is kept as long as the service says when nothing is said, and never longer than 90 days', async () => {
    const id = await bench.running();
    expect((await bench.act('softDeleteVm', id)).errors).toBeUndefined();
    const { purgeAt: at } = await row(id);
    const { createdAt } = await database().operation.findFirstOrThrow({
      where: { resourceId: id, kind: 'SOFT_DELETE_VM' },
    });
    expect(at?.getTime()).toBe(createdAt.getTime() + 3_600_000);
    for (const seconds of [0, -1, 7_776_001])
      expect(codeOf(await bench.actWith('softDeleteVm', id, `purgeAfterSeconds: ${String(seconds)}`))).toBe(
        'INVALID_INPUT',
      );
    expect((await row(id)).purgeAt).toEqual(at);
  }, 180_000);

  it('is none that is protected from deletion', async () => {
    const id = await bench.running();
    await database().vm.update({ where: { id }, data: { deletionProtected: true } });
    expect(codeOf(await bench.actWith('softDeleteVm', id, A_DAY))).toBe('DELETION_PROTECTED');
    expect([await purgeAt(id), (await bench.view(id))?.state]).toEqual([null, 'RUNNING']);
  }, 180_000);

  it('is not deleted any more when an instance that knows nothing of it has started it', async () => {
    const id = await bench.running();
    await softDelete(id, 'purgeAfterSeconds: 3600');
    await database().$executeRaw`UPDATE vms SET desired = 'RUNNING', reconcile_at = now() WHERE id = ${id}::uuid`;
    expect(await purgeAt(id)).toBeNull();
    await bench.reaches(id, 'RUNNING');
  }, 180_000);

  it('is either taken back or deleted when both come at once', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => bench.running()));
    for (const id of ids) await softDelete(id);
    await database().vm.updateMany({ where: { id: { in: ids } }, data: { purgeAt: new Date(0), purgeDueAt: new Date(0) } });
    bench.vms.get(PurgeWorker).wake();
    const answers = await Promise.all(ids.map((id) => undelete(id)));
    for (const [at, id] of ids.entries()) {
      const code = answers[at] === undefined ? undefined : codeOf(answers[at]);
      if (code === undefined) {
        expect([id, await kinds(id)]).toEqual([id, ['CREATE_VM', 'SOFT_DELETE_VM']]);
        expect((await bench.act('startVm', id)).errors).toBeUndefined();
        await bench.reaches(id, 'RUNNING');
      } else {
        expect(['VM_BUSY', 'VM_NOT_FOUND']).toContain(code);
        await bench.isGone(id);
      }
    }
  }, 240_000);

  it('waits for nothing else than its time: another that is due never deletes it', async () => {
    const [due, kept] = [await bench.running(), await bench.running()];
    await softDelete(kept);
    await softDelete(due, 'purgeAfterSeconds: 1');
    await bench.isGone(due);
    await holdsFor(500, async () => (await bench.view(kept))?.state === 'STOPPED', 'the other stays');
  }, 180_000);

  it('is found by lists, which leave it in unless they are asked to', async () => {
    const [id, other] = [await bench.running(), await bench.running()];
    await softDelete(id);
    const listed = async (filter: object): Promise<string[]> => {
      const { data } = await bench.vms.ask(bench.actor, LISTED, { filter });
      const { nodes, totalCount } = data?.['vms'] as { nodes: { id: string }[]; totalCount: number };
      expect(totalCount).toBe(nodes.length);
      return nodes.map((node) => node.id);
    };
    expect(await listed({ deletionScheduled: true })).toContain(id);
    expect(await listed({ deletionScheduled: true })).not.toContain(other);
    expect(await listed({ deletionScheduled: false })).toContain(other);
    expect(await listed({ deletionScheduled: false })).not.toContain(id);
    expect(await listed({})).toEqual(expect.arrayContaining([id, other]));
  }, 180_000);

  it('may be one of many', async () => {
    const bulk = new BulkBench(bench);
    const ids = await bulk.vms(5, 'RUNNING');
    const { data, errors } = await bulk.ask({ action: 'SOFT_DELETE_VM', vmIds: ids, purgeAfterSeconds: 1 });
    expect(errors).toBeUndefined();
    expect((await bulk.ended((data?.['bulkVms'] as { id: string }).id)).status).toBe('SUCCEEDED');
    for (const id of ids) await bench.isGone(id);
  }, 240_000);
});
