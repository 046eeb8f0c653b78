import { randomUUID } from 'node:crypto';
import { pollUntil, testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, admin, memberOf } from '../testing/vms-under-test.js';
import { BULK_KINDS } from './bulk.actions.js';
import { BulkBench } from '../testing/bulk-bench.js';

const Told = z.object({
  version: z.number(),
  data: z.object({ status: z.string(), resourceKind: z.string(), progressPercent: z.number() }),
});

describe('one request on many VMs', () => {
  let bench: VmBench;
  let bulk: BulkBench;
  let second: VmsUnderTest;
  beforeAll(async () => {
    bench = await VmBench.start();
    bulk = new BulkBench(bench);
    second = await VmsUnderTest.start(bench.database);
  }, 180_000);
  afterAll(async () => {
    await second.stop();
    await bench.stop();
  });
  const database = () => bench.vms.get(PrismaClient);

  it('is one operation with a result for each VM, and succeeds when all do', async () => {
    const ids = await bulk.vms(12);
    const { data, errors } = await bulk.ask({ action: 'START_VM', vmIds: ids });
    expect(errors).toBeUndefined();
    const accepted = data?.['bulkVms'] as { id: string };
    expect(accepted).toMatchObject({
      kind: 'START_VM',
      resourceKind: 'bulk',
      resourceId: accepted.id,
      steps: [],
      results: { totalCount: 12 },
    });
    const view = await bulk.ended(accepted.id);
    expect(view).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100, errorCode: null });
    expect(view.results?.nodes.map(({ vmId }) => vmId)).toEqual(ids);
    for (const { status, operation, vmId, vm } of view.results?.nodes ?? []) {
      expect([status, operation]).toMatchObject(['SUCCEEDED', { kind: 'START_VM', status: 'SUCCEEDED' }]);
      expect(vm).toEqual({ id: vmId });
      expect(bench.neighbours.vm(vmId).power).toBe('running');
    }
  }, 180_000);

  it('refuses some, each for its own reason, and does the rest', async () => {
    const [running = ''] = await bulk.vms(1, 'RUNNING');
    const [stopped = ''] = await bulk.vms(1);
    const [foreign = ''] = await bulk.vms(1, 'RUNNING', { departmentId: randomUUID() });
    const unknown = randomUUID();
    const vmIds = [running, unknown, stopped, foreign, running];
    const id = await bulk.accepted({ action: 'RESET_VM', vmIds });
    const view = await bulk.ended(id);
    expect(view).toMatchObject({ status: 'FAILED', errorCode: 'BULK_INCOMPLETE', progressPercent: 100 });
    expect(view.errorMessage).toContain('3 of 4');
    const told = view.results?.nodes.map(({ vmId, status, errorCode, vm }) => [vmId, status, errorCode, vm?.id]);
    expect(told).toEqual([
      [running, 'SUCCEEDED', null, running],
      [unknown, 'REFUSED', 'VM_NOT_FOUND', undefined],
      [stopped, 'REFUSED', 'VM_BUSY', stopped],
      [foreign, 'REFUSED', 'VM_NOT_FOUND', undefined],
    ]);
    expect(bench.neighbours.vm(running).resets).toHaveLength(1);
    expect(bench.neighbours.vm(foreign).resets).toHaveLength(0);
    const refused = await bulk.read(id, { statuses: ['REFUSED'] });
    expect(refused.results?.totalCount).toBe(3);
    const after = await bulk.read(id, { after: view.results?.pageInfo.endCursor });
    expect(after.results?.nodes).toEqual([]);
  }, 120_000);

  it('deletes no VM that is protected from it', async () => {
    const [kept = ''] = await bulk.vms(1, 'STOPPED', { deletionProtected: true });
    const [gone = ''] = await bulk.vms(1);
    const view = await bulk.ended(await bulk.accepted({ action: 'DELETE_VM', vmIds: [kept, gone] }));
    expect(view.results?.nodes.map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ['REFUSED', 'DELETION_PROTECTED'],
      ['SUCCEEDED', null],
    ]);
    expect(await bench.view(gone)).toBeFalsy();
  }, 120_000);

  it.each(BULK_KINDS)('takes %s, as any action on VMs that exist', async (action) => {
    const view = await bulk.ended(await bulk.accepted({ action, vmIds: [] }));
    expect(view).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100, results: { totalCount: 0, nodes: [] } });
  });

  it('is about what a filter matches when it is accepted, of what the requester may see', async () => {
    const owner = randomUUID();
    const ids = await bulk.vms(5, 'STOPPED', { ownerId: owner });
    await bulk.vms(2, 'STOPPED', { ownerId: owner, departmentId: randomUUID() });
    const id = await bulk.accepted({ action: 'FORCE_OFF_VM', filter: { ownerIds: [owner] } });
    await bulk.vms(1, 'STOPPED', { ownerId: owner });
    const view = await bulk.ended(id);
    expect(view.results?.nodes.map(({ vmId }) => vmId).sort()).toEqual(ids.sort());
    expect(view.status).toBe('SUCCEEDED');
    const none = await bulk.ended(await bulk.accepted({ action: 'DELETE_VM', filter: { ownerIds: [randomUUID()] } }));
    expect(none).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100, results: { totalCount: 0 } });
  }, 120_000);

  it('keeps the options with the operation on each VM', async () => {
    const [id = ''] = await bulk.vms(1, 'RUNNING');
    await bulk.ended(await bulk.accepted({ action: 'SHUTDOWN_VM', vmIds: [id], timeoutSeconds: 1, force: true }));
    expect(bench.neighbours.vm(id).power).toBe('off');
    const { parameters } = await database().operation.findFirstOrThrow({ where: { vmId: id } });
    expect(parameters).toEqual({ timeoutSeconds: 1, force: true });
  }, 120_000);

  it('refuses what it cannot be, and leaves nothing', async () => {
    const before = await database().operation.count();
    const action = 'START_VM';
    const vmIds = [randomUUID()];
    const filter = { states: ['STOPPED'] };
    for (const input of [
      { action },
      { action, vmIds, filter },
      { action, filter: {} },
      { action, filter: { states: null } },
      { action, filter: { deletionScheduled: false } },
      { action, filter: { states: [] } },
      { action, vmIds: ['nonsense'] },
      { action, vmIds: [''] },
      { action, vmIds, force: true },
      { action, vmIds, timeoutSeconds: 5 },
      { action: 'SHUTDOWN_VM', vmIds, timeoutSeconds: 0 },
      { action: 'CREATE_VM', vmIds },
      { action: 'NONSENSE', vmIds },
      { action, vmIds, idempotencyKey: 'short' },
    ])
      expect([input, await bulk.code(input)]).toEqual([input, 'INVALID_INPUT']);
    expect(await bulk.code({ action, vmIds, force: false, timeoutSeconds: null })).toBeUndefined();
    expect(await database().operation.count()).toBe(before + 1);
  });

  it('refuses 1,001 VMs by ids, and takes 1,000 that are named twice', async () => {
    const vmIds = Array.from({ length: 1_001 }, () => randomUUID());
    expect(await bulk.code({ action: 'DELETE_VM', vmIds })).toBe('TOO_MANY_VMS');
    const thousand = vmIds.slice(1);
    const view = await bulk.ended(await bulk.accepted({ action: 'DELETE_VM', vmIds: [...thousand, ...thousand] }));
    expect(view).toMatchObject({ status: 'FAILED', results: { totalCount: 1_000, pageInfo: { hasNextPage: true } } });
  }, 60_000);

  it('is seen by the department that it is about, one on several by who asked alone', async () => {
    const other = randomUUID();
    const both = memberOf(bench.departmentId, other);
    const [mine = ''] = await bulk.vms(1);
    const [theirs = ''] = await bulk.vms(1, 'STOPPED', { departmentId: other });
    const asked = { action: 'FORCE_OFF_VM' };
    const single = await bulk.accepted({ ...asked, vmIds: [mine] }, both);
    const several = await bulk.accepted({ ...asked, vmIds: [mine, theirs] }, both);
    await bulk.ended(single);
    expect((await bulk.ended(several, both)).results?.totalCount).toBe(2);
    expect((await bulk.read(several, {}, admin())).results).toMatchObject({ totalCount: 2, nodes: [{}, {}] });
    await expect(bulk.read(several)).rejects.toThrow('OPERATION_NOT_FOUND');
    await expect(bulk.read(single, {}, memberOf(other))).rejects.toThrow('OPERATION_NOT_FOUND');
    const less = { ...both, departmentIds: [other] };
    expect((await bulk.read(several, {}, less)).results?.nodes.map(({ vmId }) => vmId)).toEqual([theirs]);
    const list = '{ operations(first: 200) { nodes { id } } }';
    const seen = async (by: typeof both) => JSON.stringify((await bench.vms.ask(by, list)).data);
    expect(await seen(both)).toContain(several);
    expect(await seen(bench.actor)).not.toContain(several);
  }, 120_000);

  it('does it once for a key, at whichever instance and however often it is asked', async () => {
    const ids = await bulk.vms(3, 'RUNNING');
    const input = { action: 'RESET_VM', vmIds: ids, idempotencyKey: randomUUID() };
    const ask = `mutation ($input: BulkVmsInput!) { bulkVms(input: $input) { id } }`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? bench.vms : second).ask(bench.actor, ask, { input })),
    );
    const [operation, ...others] = new Set(answers.map(({ data }) => (data?.['bulkVms'] as { id: string }).id));
    expect(others).toEqual([]);
    await bulk.ended(operation ?? '');
    expect(ids.map((id) => bench.neighbours.vm(id).resets.length)).toEqual([1, 1, 1]);
    expect(await bulk.code({ ...input, action: 'START_VM' })).toBe('IDEMPOTENCY_KEY_REUSED');
  }, 120_000);

  it('tells of its progress, and of its end once', async () => {
    const id = await bulk.accepted({ action: 'FORCE_OFF_VM', vmIds: await bulk.vms(4) });
    await bulk.ended(id);
    const rows = await database().outboxEvent.findMany({
      where: { subject: { contains: id } },
      orderBy: { id: 'asc' },
    });
    const told = rows.map(({ payload }) => Told.parse(payload));
    expect(told.every(({ version, data }) => version === 2 && data.resourceKind === 'bulk')).toBe(true);
    const progress = told.map(({ data }) => data.progressPercent);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(told.filter(({ data }) => data.status === 'SUCCEEDED')).toHaveLength(1);
    expect(told.at(-1)?.data).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100 });
  }, 120_000);
});

describe('a request on many VMs of a host that hangs', () => {
  let bench: VmBench;
  let bulk: BulkBench;
  let hung: Neighbours;
  beforeAll(async () => {
    bench = await VmBench.start();
    bulk = new BulkBench(bench);
    hung = await Neighbours.start(testNats(), { imageId: bench.neighbours.imageId });
    hung.departments.add(bench.departmentId);
    const hosts = bench.vms.get(PrismaClient).host;
    await pollUntil(async () => (await hosts.count()) === 2, { timeoutMs: 60_000, what: 'the second host' });
  }, 180_000);
  afterAll(async () => {
    await hung.stop();
    await bench.stop();
  });

  it('holds up no VM of another host, and ends when the host goes on', async () => {
    const free = Promise.withResolvers<undefined>();
    const stuck = await bulk.vms(150, 'STOPPED', {}, hung);
    // Its own VMs alone: both simulations share the requests of networks and firewall, which do not hang.
    hung.disturb = (_, vmId) => (stuck.includes(vmId) ? free.promise : undefined);
    const first = await bulk.accepted({ action: 'FORCE_OFF_VM', vmIds: stuck });
    const well = await bulk.vms(20);
    const view = await bulk.ended(await bulk.accepted({ action: 'FORCE_OFF_VM', vmIds: well }));
    expect(view.status).toBe('SUCCEEDED');
    const [alone = ''] = await bulk.vms(1);
    await bench.act('startVm', alone);
    await bench.reaches(alone, 'RUNNING');
    expect((await bulk.read(first)).status).toBe('RUNNING');
    hung.disturb = () => undefined;
    free.resolve(undefined);
    expect(await bulk.ended(first)).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100 });
  }, 300_000);
});
