import { randomUUID } from 'node:crypto';
import { hostAgentStarted } from '@infinibay/contracts';
import { newEvent, newId } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { AutostartController } from '../reconcile/autostart.controller.js';
import { DrainBench } from '../testing/drain-bench.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';

const REFUSALS = 'placement { refusals { rule hosts } hostsConsidered { hostId refusedBy message } }';
const EXPLAIN = `query ($input: ExplainPlacementInput!) { explainPlacement(input: $input) { error { code } ${REFUSALS} } }`;
const WHAT_IF = `query ($hostId: ID!) { whatIfHostFails(hostId: $hostId) { unplacedCount nodes { vm { id } ${REFUSALS} } } }`;
const HOST = 'query ($id: ID!) { vm(id: $id) { host { id maintenance { since reason by { id } } } } }';
const RULE = 'host-in-maintenance';

describe('a host in maintenance', () => {
  let bench: VmBench;
  let drain: DrainBench;
  let hosts: FurtherHosts;
  let other = '';
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
    hosts = await FurtherHosts.start(bench.neighbours.imageId);
    // Smaller: it is chosen only when the other is not.
    other = hosts.add({ memoryMib: 2_048 });
    await pollUntil(async () => (await database().hostImage.count()) === 2, { what: 'both hosts', timeoutMs: 60_000 });
  }, 120_000);
  afterEach(async () => {
    await drain.set(false);
    await database().vm.deleteMany({ where: { hostId: other } });
  });
  afterAll(async () => {
    await hosts.stop();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const codeOf = ({ errors }: Awaited<ReturnType<VmBench['act']>>) => errors?.[0]?.extensions.code;
  const hostOf = async (id: string) => (await database().vm.findUniqueOrThrow({ where: { id } })).hostId;
  const planned = () => {
    const { idempotencyKey: _key, ...input } = bench.input();
    return input;
  };

  it('takes no new VM: another is chosen, and the rule is named where there is none', async () => {
    const first = await bench.created();
    expect(await hostOf(first)).toBe(drain.hostId);
    expect((await drain.set(true)).errors).toBeUndefined();
    const second = await bench.created();
    expect(await hostOf(second)).toBe(other);
    const big = await bench.create(bench.input({ memoryMib: 2_000 }));
    expect(big.errors?.[0]?.extensions).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: {
        refusals: [
          { rule: RULE, hosts: 1 },
          { rule: 'memory', hosts: 1 },
        ],
      },
    });
    const asked = { input: { vms: [planned()] } };
    const explained = (await bench.vms.ask(drain.administrator, EXPLAIN, asked)).data?.['explainPlacement'];
    const verdict = {
      hostId: drain.hostId,
      refusedBy: RULE,
      message: 'The host is in maintenance and takes no new VMs',
    };
    expect(explained).toMatchObject([
      {
        error: null,
        placement: { refusals: [{ rule: RULE, hosts: 1 }], hostsConsidered: [{ hostId: other }, verdict] },
      },
    ]);
    const failed = (await bench.vms.ask(drain.administrator, WHAT_IF, { hostId: other })).data?.['whatIfHostFails'];
    expect(failed).toMatchObject({
      unplacedCount: 1,
      nodes: [{ vm: { id: second }, placement: { hostsConsidered: [verdict] } }],
    });
    await drain.set(false);
    expect(await hostOf(await bench.created())).toBe(drain.hostId);
  });

  it('starts no VM that is off, and lets one go on that runs, also after a crash', async () => {
    const [off = ''] = await drain.bulk.vms(1);
    const [broken = ''] = await drain.bulk.vms(1, 'ERROR', { errorCode: 'HYPERVISOR_ERROR', errorMessage: 'no' });
    const running = await bench.running();
    await drain.set(true);
    for (const id of [off, broken]) expect(codeOf(await bench.act('startVm', id))).toBe('HOST_IN_MAINTENANCE');
    expect(await bench.view(off)).toMatchObject({ state: 'STOPPED', operations: [] });
    expect(codeOf(await bench.act('startVm', running))).toBeUndefined();
    bench.neighbours.powerChange(running, 'crashed', 'panicked');
    await pollUntil(() => bench.neighbours.vm(running).power === 'running', { what: 'the VM to be started again' });
    await bench.reaches(running, 'RUNNING');
    const twin = await bench.say('cloneVm', { vmId: off, name: `clone-${randomUUID().slice(0, 8)}` });
    expect(twin.errors?.[0]?.extensions).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: { refusals: [{ rule: RULE, hosts: 1 }] },
    });
    await drain.set(false);
    expect(codeOf(await bench.act('startVm', off))).toBeUndefined();
    await bench.reaches(off, 'RUNNING');
  }, 60_000);

  it('brings no VM back that would run on from a snapshot, but the disks of one', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    await drain.set(true);
    expect(codeOf(await bench.say('revertVmToSnapshot', { vmId, snapshotId }))).toBe('HOST_IN_MAINTENANCE');
    const disks = await bench.actWith('revertVmToSnapshot', vmId, 'disksOnly: true', randomUUID(), { snapshotId });
    expect(codeOf(disks)).toBeUndefined();
    await bench.until(vmId, 'the revert', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    expect((await bench.view(vmId))?.state).toBe('STOPPED');
  }, 60_000);

  it('starts nothing by autostart when it is booted', async () => {
    const [id = ''] = await drain.bulk.vms(1, 'STOPPED', { autostart: true });
    const boot = async (): Promise<void> => {
      const data = { ...hostAgentStarted.example, hostId: drain.hostId, epoch: newId(), bootId: randomUUID() };
      const event = newEvent(hostAgentStarted, {
        departmentId: null,
        resource: { kind: 'host', id: drain.hostId },
        data,
      });
      await bench.vms.get(AutostartController).agentStarted({ ...event, data });
    };
    await boot();
    await drain.set(true);
    await boot();
    await drain.set(false);
    expect((await bench.view(id))?.state).toBe('STOPPED');
    await boot();
    await bench.reaches(id, 'RUNNING');
  }, 60_000);

  it('says since when, by whom and why, and tells of each change once', async () => {
    const { data } = await drain.set(true, { reason: 'a new fan' });
    const { since } = (data?.['setHostMaintenance'] as { maintenance: { since: string } }).maintenance;
    const by = { id: drain.administrator.userId };
    expect(data?.['setHostMaintenance']).toEqual({ id: drain.hostId, maintenance: { since, reason: 'a new fan', by } });
    await drain.set(true);
    const again = await drain.set(true, { reason: 'two new fans' });
    expect(again.data?.['setHostMaintenance']).toMatchObject({ maintenance: { since, reason: 'two new fans' } });
    const [vmId = ''] = await drain.bulk.vms(1);
    const seen = (await bench.vms.ask(bench.actor, HOST, { id: vmId })).data?.['vm'];
    expect(seen).toEqual({ host: { id: drain.hostId, maintenance: { since, reason: null, by: null } } });
    for (let time = 0; time < 2; time += 1)
      expect((await drain.set(false, { reason: 'done' })).data?.['setHostMaintenance']).toMatchObject({
        maintenance: null,
      });
    const events = await database().outboxEvent.findMany({
      where: { subject: `infinibay.events.v1.global.host.${drain.hostId}.maintenance-changed` },
      orderBy: { id: 'asc' },
    });
    const told = { hostId: drain.hostId, byId: drain.administrator.userId };
    expect(events.slice(-3).map(({ payload }) => (payload as { data: unknown }).data)).toEqual([
      { ...told, inMaintenance: true, since, reason: 'a new fan' },
      { ...told, inMaintenance: true, since, reason: 'two new fans' },
      { ...told, inMaintenance: false, since: null, reason: 'done' },
    ]);
  });

  it('is for administrators alone to say, to preview and to drain', async () => {
    const hostId = randomUUID();
    for (const by of [memberOf(bench.departmentId), memberOf(randomUUID())]) {
      expect(codeOf(await drain.set(true, {}, by))).toBe('FORBIDDEN');
      expect(codeOf(await drain.drain({}, by))).toBe('FORBIDDEN');
      expect(codeOf(await drain.askPreview({}, by))).toBe('FORBIDDEN');
      const audited = await database().auditEntry.findMany({ where: { actorId: by.userId }, orderBy: { id: 'asc' } });
      expect(audited.map(({ verb, result }) => [verb, result])).toEqual([
        ['setHostMaintenance:true', 'FORBIDDEN'],
        ['drainHost', 'FORBIDDEN'],
      ]);
    }
    expect(await database().host.count({ where: { maintenanceSince: { not: null } } })).toBe(0);
    for (const input of [{ hostId }, { hostId: 'nonsense' }]) {
      expect(codeOf(await drain.set(true, input))).toBe('HOST_NOT_FOUND');
      expect(codeOf(await drain.drain(input))).toBe('HOST_NOT_FOUND');
      expect(codeOf(await drain.askPreview(input))).toBe('HOST_NOT_FOUND');
    }
    for (const input of [
      { timeoutSeconds: 0 },
      { timeoutSeconds: 3_601 },
      { reason: 'a\u202Eb' },
      { reason: 'a'.repeat(501) },
    ])
      expect([input, codeOf(await drain.drain(input))]).toEqual([input, 'INVALID_INPUT']);
  });
});
