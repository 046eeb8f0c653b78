import { randomUUID } from 'node:crypto';
import { DomainError, hostAgentStarted } from '@infinibay/contracts';
import { newEvent, newId } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { AutostartController } from '../reconcile/autostart.controller.js';
import { BulkBench } from '../testing/bulk-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { PurgeRepository } from './purge.repository.js';
import { PurgeService } from './purge.service.js';
import { PurgeWorker } from './purge.worker.js';

const SCHEDULED = `query ($id: ID!) { vm(id: $id) { scheduledDeletion { purgeAt deleteVolumes requestedBy { id } } } }`;
const A_DAY = 'purgeAfterSeconds: 86400';
const PAST = new Date(0);
/** What is refused meanwhile, written out: one that is not is noticed. */
const REFUSED = [
  'cloneVm',
  'startVm',
  'shutdownVm',
  'rebootVm',
  'resetVm',
  'suspendVm',
  'resumeVm',
  'saveVm',
  'resizeVm',
  'restoreVmRevision',
  'repairVmDrift',
  'acceptVmDrift',
  'setVmAutostart',
  'setVmPortLink',
  'addVmPort',
  'removeVmPort',
  'changeVmPortNetwork',
  'setVmHardware',
  'setVmCdrom',
  'attachVolume',
  'detachVolume',
  'createVmSnapshot',
  'revertVmToSnapshot',
  'deleteVmSnapshot',
];

describe('a VM that is going to be deleted', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SOFT_DELETE_KEEP_SECONDS: '3600' });
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const row = (id: string) => database().vm.findUniqueOrThrow({ where: { id } });
  const shown = async (id: string): Promise<unknown> => {
    const { data } = await bench.vms.ask(bench.actor, SCHEDULED, { id });
    return (data?.['vm'] as { scheduledDeletion: unknown }).scheduledDeletion;
  };
  const codeOf = ({ errors }: { errors?: readonly { extensions: { code: string } }[] | undefined }) =>
    errors?.[0]?.extensions.code;
  const softDeleted = async (options = A_DAY, overrides: Record<string, unknown> = {}): Promise<string> => {
    const id = await bench.running(overrides);
    expect((await bench.actWith('softDeleteVm', id, options)).errors).toBeUndefined();
    await bench.until(id, 'its end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    return id;
  };
  /** As if its time were over. */
  const isDue = async (...ids: string[]): Promise<void> => {
    await database().vm.updateMany({ where: { id: { in: ids } }, data: { purgeAt: PAST, purgeDueAt: PAST } });
    bench.vms.get(PurgeWorker).wake();
  };
  const undelete = async (id: string): Promise<string | undefined> => codeOf(await bench.act('undeleteVm', id));
  /** Kinds of its operations, the oldest first. */
  const kinds = async (resourceId: string) =>
    (await database().operation.findMany({ where: { resourceId }, orderBy: { id: 'asc' } })).map(({ kind }) => kind);

  it('is off, tells when, and is back with all that it had when that is taken back', async () => {
    const id = await bench.running();
    const { name } = await row(id);
    const calls = bench.neighbours.calls.length;
    expect((await bench.actWith('softDeleteVm', id, A_DAY)).errors).toBeUndefined();
    await bench.reaches(id, 'STOPPED');
    expect(bench.neighbours.vm(id).power).toBe('off');
    const { purgeAt } = await row(id);
    const by = { requestedBy: { id: bench.actor.userId }, deleteVolumes: false };
    expect(await shown(id)).toEqual({ purgeAt: purgeAt?.toISOString(), ...by });
    const asked = await database().operation.findFirstOrThrow({ where: { resourceId: id, kind: 'SOFT_DELETE_VM' } });
    // By the database's clock, of one transaction.
    expect(purgeAt?.getTime()).toBe(asked.createdAt.getTime() + 86_400_000);
    expect(codeOf(await bench.create(bench.input({ name })))).toBe('NAME_TAKEN');

    const key = randomUUID();
    for (const _ of [1, 2]) expect((await bench.act('undeleteVm', id, key)).errors).toBeUndefined();
    expect(await shown(id)).toBeNull();
    expect(await undelete(id)).toBe('DELETION_NOT_SCHEDULED');
    await bench.until(id, 'its end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    const told = await bench.told(id);
    for (const fact of ['deletion-scheduled', 'deletion-cancelled'])
      expect(told.filter((one) => one === fact)).toHaveLength(1);
    expect((await bench.act('startVm', id)).errors).toBeUndefined();
    await bench.reaches(id, 'RUNNING');
    expect(bench.neighbours.calls.slice(calls)).not.toContain('remove-disk');
  }, 180_000);

  it('stays as it is: what would change it is refused, and its host does not start it', async () => {
    const id = await softDeleted(A_DAY, { autostart: true });
    const before = await row(id);
    const ask = (mutation: string) => {
      if (mutation.endsWith('Volume')) return bench.move(mutation, id, randomUUID());
      const snapshot = /^(revert|delete).*Snapshot$/.test(mutation) ? { snapshotId: randomUUID() } : {};
      return bench.say(mutation, { vmId: id, ...(mutation === 'cloneVm' ? { name: 'a-clone' } : {}), ...snapshot });
    };
    const answers: Record<string, string | undefined> = {};
    for (const mutation of REFUSED) answers[mutation] = codeOf(await ask(mutation));
    expect(answers).toEqual(Object.fromEntries(REFUSED.map((mutation) => [mutation, 'DELETION_SCHEDULED'])));
    const said: readonly (readonly [string, string, object])[] = [
      ['renameVm', 'RenameVmInput', { name: 'other' }],
      ['setVmDeletionProtection', 'SetVmDeletionProtectionInput', { deletionProtected: true }],
      ['setVmCloudInit', 'SetVmCloudInitInput', { cloudInit: null }],
    ];
    for (const [mutation, type, more] of said) {
      const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { id } }`;
      const input = { idempotencyKey: randomUUID(), vmId: id, ...more };
      const code = codeOf(await bench.vms.ask(bench.actor, query, { input }));
      expect([mutation, code]).toEqual([mutation, 'DELETION_SCHEDULED']);
    }
    const hostId = bench.neighbours.hostId;
    for (const bootId of [randomUUID(), randomUUID()]) {
      const data = { ...hostAgentStarted.example, hostId, epoch: newId(), bootId };
      const event = newEvent(hostAgentStarted, { departmentId: null, resource: { kind: 'host', id: hostId }, data });
      await bench.vms.get(AutostartController).agentStarted({ ...event, data });
    }
    expect((await bench.act('forceOffVm', id)).errors).toBeUndefined();
    await bench.until(id, 'the end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    const { state, desired, name, purgeAt, autostart, deletionProtected } = await row(id);
    expect({ state, desired, name, purgeAt, autostart, deletionProtected }).toEqual({
      state: 'STOPPED',
      desired: 'FORCED_OFF',
      name: before.name,
      purgeAt: before.purgeAt,
      autostart: true,
      deletionProtected: false,
    });
  }, 240_000);

  it('is deleted when the time is over, for who asked for it, and the audit says on which occasion', async () => {
    const id = await softDeleted();
    await isDue(id);
    await bench.isGone(id);
    expect(await kinds(id)).toEqual(['CREATE_VM', 'SOFT_DELETE_VM', 'DELETE_VM']);
    const deletion = await database().operation.findFirstOrThrow({ where: { resourceId: id, kind: 'DELETE_VM' } });
    expect(deletion.actorId).toBe(bench.actor.userId);
    const verbs = await database().auditEntry.findMany({ where: { resourceId: id, verb: { startsWith: 'deleteVm' } } });
    expect(verbs.map(({ verb }) => verb)).toEqual(['deleteVm:purge']);
    await pollUntil(async () => (await row(id)).state === 'DELETED', { what: 'its end', timeoutMs: 60_000 });
    expect((await row(id)).purgeAt).toBeNull();
    expect(bench.neighbours.vm(id).disk).toBe(false);
    expect(await undelete(id)).toBe('VM_NOT_FOUND');
  }, 180_000);

  it('has the time that was said last, and is found by its own clock when that is short', async () => {
    const id = await bench.running();
    for (const options of [A_DAY, 'purgeAfterSeconds: 1'])
      expect((await bench.actWith('softDeleteVm', id, options)).errors).toBeUndefined();
    await bench.isGone(id);
  }, 180_000);

  it('is deleted at once when somebody does not want to wait', async () => {
    const id = await softDeleted();
    expect((await bench.act('deleteVm', id)).errors).toBeUndefined();
    await bench.isGone(id);
    expect(await kinds(id)).toEqual(['CREATE_VM', 'SOFT_DELETE_VM', 'DELETE_VM']);
  }, 180_000);

  it.each([true, false])(
    'takes its volumes along when that was said last: %s',
    async (isDeleted) => {
      const [id, volumeId] = [await bench.running(), await bench.volume()];
      await bench.attach(id, volumeId);
      for (const deleteVolumes of [!isDeleted, isDeleted]) {
        const options = `${A_DAY}, deleteVolumes: ${String(deleteVolumes)}`;
        expect((await bench.actWith('softDeleteVm', id, options)).errors).toBeUndefined();
      }
      expect(await shown(id)).toMatchObject({ deleteVolumes: isDeleted });
      expect(codeOf(await bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 }))).toBe('DELETION_SCHEDULED');
      await bench.reaches(id, 'STOPPED');
      await isDue(id);
      await bench.isGone(id);
      const volume = () => database().volume.findUniqueOrThrow({ where: { id: volumeId } });
      const settled = isDeleted ? 'DELETED' : 'AVAILABLE';
      await pollUntil(
        async () => {
          const { attachedVmId, state } = await volume();
          return attachedVmId === null && state === settled;
        },
        { what: settled, timeoutMs: 60_000 },
      );
    },
    180_000,
  );

  it('is kept as long as the service says when nothing is said, and never longer than 90 days', async () => {
    const id = await bench.running();
    expect((await bench.act('softDeleteVm', id)).errors).toBeUndefined();
    const { purgeAt } = await row(id);
    const { createdAt } = await database().operation.findFirstOrThrow({
      where: { resourceId: id, kind: 'SOFT_DELETE_VM' },
    });
    expect(purgeAt?.getTime()).toBe(createdAt.getTime() + 3_600_000);
    for (const seconds of [0, -1, 7_776_001])
      expect(codeOf(await bench.actWith('softDeleteVm', id, `purgeAfterSeconds: ${String(seconds)}`))).toBe(
        'INVALID_INPUT',
      );
    expect((await row(id)).purgeAt).toEqual(purgeAt);
  }, 180_000);

  it('is none that is protected from deletion', async () => {
    const id = await bench.running();
    await database().vm.update({ where: { id }, data: { deletionProtected: true } });
    expect(codeOf(await bench.actWith('softDeleteVm', id, A_DAY))).toBe('DELETION_PROTECTED');
    expect([await shown(id), (await bench.view(id))?.state]).toEqual([null, 'RUNNING']);
  }, 180_000);

  it.each([`desired = 'RUNNING', reconcile_at = now()`, 'deletion_protected = true'])(
    'is not deleted any more when an instance that knows nothing of it writes %s',
    async (change) => {
      const id = await softDeleted();
      await database().$executeRawUnsafe(`UPDATE vms SET ${change} WHERE id = $1::uuid`, id);
      expect(await shown(id)).toBeNull();
      expect(await undelete(id)).not.toBeUndefined();
      if (change.startsWith('desired')) await bench.reaches(id, 'RUNNING');
    },
    180_000,
  );

  it('is either taken back or deleted, whichever is first at its row', async () => {
    const service = bench.vms.get(PurgeService);
    const [first, second] = [await softDeleted(), await softDeleted()];
    await database().vm.update({ where: { id: first }, data: { purgeAt: PAST } });
    await service.purge(first);
    expect(['VM_BUSY', 'VM_NOT_FOUND']).toContain(await undelete(first));
    await bench.isGone(first);
    // Taken up before somebody gave it another time.
    const entries = await database().auditEntry.count();
    await service.purge(second);
    expect(await database().auditEntry.count()).toBe(entries);
    expect(await kinds(second)).not.toContain('DELETE_VM');
    const ids = await Promise.all(Array.from({ length: 6 }, () => softDeleted()));
    await isDue(...ids);
    const codes = await Promise.all(ids.map(undelete));
    const saved = ids.filter((_, at) => codes[at] === undefined);
    for (const code of codes) expect([undefined, 'VM_BUSY', 'VM_NOT_FOUND']).toContain(code);
    for (const id of ids) if (!saved.includes(id)) await bench.isGone(id);
    // By then those that were taken back would have been deleted too.
    for (const id of saved)
      expect([(await kinds(id)).includes('DELETE_VM'), (await row(id)).purgeAt]).toEqual([false, null]);
  }, 240_000);

  it('waits for its host when that is away, and is deleted when it is back', async () => {
    const id = await softDeleted();
    const { hostId } = await row(id);
    const where = { id: hostId };
    const found = await database().host.findUniqueOrThrow({ where });
    const { id: _id, hardware: _hardware, tuning: _tuning, ...host } = found;
    const away = await database().host.create({ data: { ...host, id: randomUUID(), lastSeenAt: PAST } });
    await database().vm.update({ where: { id }, data: { hostId: away.id } });
    await isDue(id);
    const { due } = bench.vms.get(PurgeRepository);
    expect(await due.claim(10, [])).toEqual([]);
    expect((await due.nextDueInMs()) ?? Infinity).toBeGreaterThan(0);
    await database().vm.update({ where: { id }, data: { hostId } });
    await bench.isGone(id);
  }, 180_000);

  it('waits for a host that somebody works on, or that does not answer, and is asked for again', async () => {
    const id = await softDeleted();
    const { hostId } = await row(id);
    const { due } = bench.vms.get(PurgeRepository);
    const maintenance = { maintenanceSince: new Date(), maintenanceById: bench.actor.userId };
    await database().host.update({ where: { id: hostId }, data: maintenance });
    await isDue(id);
    expect(await due.claim(10, [])).toEqual([]);
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'inspect-vm' && vmId === id) throw new DomainError('HOST_UNAVAILABLE', {});
    };
    await expect(bench.vms.get(PurgeService).purge(id)).rejects.toMatchObject({ code: 'HOST_UNAVAILABLE' });
    expect([await kinds(id), (await row(id)).purgeAt]).toEqual([['CREATE_VM', 'SOFT_DELETE_VM'], PAST]);
    bench.neighbours.disturb = () => undefined;
    await database().host.update({ where: { id: hostId }, data: { maintenanceSince: null, maintenanceById: null } });
    bench.vms.get(PurgeWorker).wake();
    await bench.isGone(id);
  }, 180_000);

  it('stays off when it is taken back and its host does not answer, and in error, with the reason, when it was', async () => {
    const [off, broken] = [await softDeleted(), await softDeleted()];
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'inspect-vm' && (vmId === off || vmId === broken)) throw new DomainError('HOST_UNAVAILABLE', {});
    };
    const error = { state: 'ERROR', errorCode: 'DISK_MISSING', errorMessage: 'gone' } as const;
    await database().vm.update({ where: { id: broken }, data: error });
    for (const id of [off, broken]) expect(await undelete(id)).toBeUndefined();
    expect(await row(broken)).toMatchObject({ ...error, purgeAt: null });
    // As if it had been tried for long enough.
    const where = { resourceId: off, kind: 'UNDELETE_VM' } as const;
    await database().operation.updateMany({ where, data: { createdAt: PAST } });
    const outcome = async () => (await database().operation.findFirstOrThrow({ where })).errorCode;
    expect(await pollUntil(outcome, { timeoutMs: 60_000, what: 'its end' })).toBe('HOST_UNAVAILABLE');
    expect(await row(off)).toMatchObject({ state: 'STOPPED', errorCode: null, purgeAt: null });
    bench.neighbours.disturb = () => undefined;
    await bench.reaches(broken, 'STOPPED');
    expect((await row(broken)).errorCode).toBeNull();
  }, 180_000);

  it('is found by lists', async () => {
    const [id, other] = [await softDeleted(), await bench.running()];
    const listed = async (filter: object): Promise<string[]> => {
      const query = `query ($filter: VmFilter) { vms(filter: $filter, first: 200) { nodes { id } totalCount } }`;
      const { data } = await bench.vms.ask(bench.actor, query, { filter });
      return (data?.['vms'] as { nodes: { id: string }[] }).nodes.map((node) => node.id);
    };
    const [going, staying, all] = [
      await listed({ deletionScheduled: true }),
      await listed({ deletionScheduled: false }),
      await listed({}),
    ];
    expect([going.includes(id), going.includes(other)]).toEqual([true, false]);
    expect([staying.includes(id), staying.includes(other)]).toEqual([false, true]);
    expect(all).toEqual(expect.arrayContaining([id, other]));
  }, 180_000);

  it('may be one of many, which are taken back together', async () => {
    const bulk = new BulkBench(bench);
    const ids = await bulk.vms(5, 'RUNNING');
    for (const id of ids) Object.assign(bench.neighbours.vm(id), { power: 'running' });
    const done = async (input: Record<string, unknown>): Promise<void> => {
      expect((await bulk.ended(await bulk.accepted({ vmIds: ids, ...input }))).status).toBe('SUCCEEDED');
    };
    await done({ action: 'SOFT_DELETE_VM', purgeAfterSeconds: 86_400 });
    await done({ action: 'UNDELETE_VM' });
    for (const id of ids) expect([(await row(id)).purgeAt, bench.neighbours.vm(id).power]).toEqual([null, 'off']);
    await done({ action: 'SOFT_DELETE_VM', purgeAfterSeconds: 86_400 });
    await isDue(...ids);
    for (const id of ids) await bench.isGone(id);
  }, 240_000);
});
