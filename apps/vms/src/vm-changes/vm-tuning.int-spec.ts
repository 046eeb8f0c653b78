import { randomUUID } from 'node:crypto';
import { HostTuning } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { FleetRepository } from '../hosts/fleet.repository.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import { tuningWith } from '../testing/simulated-tuning.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

const TUNING = '{ hugePages cpuPinning numaNodes { vcpus memoryMib hostNode } }';
const VM = `query ($id: ID!) { vm(id: $id) { revision spec { maxVcpus maxMemoryMib hardware ${TUNING} }
  pendingRestart { path declaredValue actualValue } drift { path }
  revisions(first: 1) { nodes { operation changes { path from to } } } } }`;
const TEMPLATE = `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) {
  id version { hardware ${TUNING} } } }`;
const EXPLAIN = `query ($input: ExplainPlacementInput!) { explainPlacement(input: $input) {
  placement { hostsConsidered { hostId refusedBy needed available } } } }`;
const MIGRATE = 'mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { operation { id } } }';
const HOSTS = 'query { hosts { id numaNodes { id cpus memoryMib hugePages { size total free } } } }';

const NONE = { hugePages: 'NONE', cpuPinning: [], numaNodes: [] };
const node = (vcpus: string, memoryMib: number, hostNode: number | null = null) => ({ vcpus, memoryMib, hostNode });
const TWO_NODES = [node('0', 128), node('1', 128, 1)];
const TWO = { vcpus: 2, memoryMib: 256 };
/** 256 MiB, of which 200 are free. */
const PAGES = tuningWith([{ size: 'MIB_2', total: 128, free: 100 }]);

interface TuningView {
  readonly revision: number;
  readonly spec: { readonly hardware: Record<string, unknown> };
  readonly pendingRestart: readonly { readonly path: string }[];
  readonly drift: readonly unknown[];
}

describe('the memory and the CPUs of VMs', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterEach(() => hostTells(tuningWith()), 60_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const view = async (id: string) => (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'] as TuningView;
  const made = (id: string) => bench.neighbours.tuning.made.get(id);
  const ended = (id: string, kind: string) =>
    bench.until(id, kind, ({ operations: [last] }) => last?.kind === kind && last.status === 'SUCCEEDED');
  const set = (vmId: string, hardware: Record<string, unknown>) => bench.say('setVmHardware', { vmId, hardware });
  const done = async (vmId: string, hardware: Record<string, unknown>): Promise<TuningView> => {
    expect((await set(vmId, hardware)).errors).toBeUndefined();
    await ended(vmId, 'SET_VM_HARDWARE');
    return view(vmId);
  };
  const ruleOf = ({ errors }: Awaited<ReturnType<typeof set>>) => {
    const refusal = errors?.[0]?.extensions;
    const refusals = (refusal?.details['refusals'] ?? []) as { rule: string }[];
    return [refusal?.code, ...refusals.map(({ rule }) => rule)];
  };
  const off = async (id: string): Promise<void> => {
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
  };
  const restarted = async (id: string): Promise<TuningView> => {
    await off(id);
    await bench.act('startVm', id);
    await bench.reaches(id, 'RUNNING');
    return view(id);
  };
  const kept = async (): Promise<HostTuning | null> => {
    const where = { id: bench.neighbours.hostId };
    const row = await database().host.findUniqueOrThrow({ where, select: { tuning: true } });
    return HostTuning.safeParse(row.tuning).data ?? null;
  };
  /** Until that is known of the host. */
  const hostTells = (told: HostTuning) =>
    pollUntil(
      async () => {
        bench.neighbours.tuning.told = told;
        bench.report();
        return (await kept())?.nodes[0]?.hugePages.length === told.nodes[0]?.hugePages.length;
      },
      { what: 'what the host tells', timeoutMs: 60_000 },
    );
  /** Until nothing is known of it, also when what was told before comes late. */
  const hostIsSilent = () => {
    let looks = 0;
    bench.neighbours.tuning.told = null;
    return pollUntil(
      async () => {
        looks = (await kept()) === null ? looks + 1 : 0;
        await database().$executeRaw`UPDATE hosts SET tuning = NULL`;
        return looks > 5;
      },
      { what: 'a host of which nothing is known', timeoutMs: 60_000 },
    );
  };

  const goes = async (id: string): Promise<void> => {
    await bench.act('deleteVm', id);
    await bench.isGone(id);
  };

  it('are what is said, in one way to write it, from the template or over it', async () => {
    const { imageId, hostId } = bench.neighbours;
    const said = { cpuPinning: ['2,1,0', '3'], numaNodes: TWO_NODES };
    const input = { imageId, ...TWO, diskGib: 1, departmentId: bench.departmentId };
    const createTemplate = (hardware: object) =>
      bench.vms.ask(bench.actor, TEMPLATE, {
        input: { ...input, hardware, idempotencyKey: randomUUID(), name: `tuned ${randomUUID()}` },
      });
    const wrong = await createTemplate({ numaNodes: [node('0', 256)] });
    expect(wrong.errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    const template = (await createTemplate(said)).data?.['createTemplate'] as { id: string; version: object };
    const hardware = { ...NONE, cpuPinning: ['0-2', '3'], numaNodes: TWO_NODES };
    expect(template.version).toEqual({ hardware });
    const id = await bench.running({ imageId: null, templateId: template.id });
    const sizes = { ...TWO, maxVcpus: 2, maxMemoryMib: 256 };
    expect([(await view(id)).spec.hardware, made(id)]).toEqual([hardware, { tuning: hardware, sizes }]);
    const larger = { imageId: null, templateId: template.id, memoryMib: 512 };
    expect(ruleOf(await bench.create(bench.input(larger)))).toEqual(['INVALID_INPUT']);
    const other = await bench.running({ ...larger, hardware: { numaNodes: [] } });
    expect((await view(other)).spec.hardware).toEqual({ ...hardware, numaNodes: [] });
    await off(id);
    const clone = await bench.say('cloneVm', { vmId: id, name: `vm-${randomUUID().slice(0, 8)}` });
    const { vm } = clone.data?.['cloneVm'] as { vm: { id: string } };
    expect((await view(vm.id)).spec.hardware).toEqual(hardware);
    const asked = await bench.vms.ask(admin(), HOSTS, {});
    const hosts = asked.data?.['hosts'] as { id: string; numaNodes: unknown }[];
    expect(hosts.find((host) => host.id === hostId)?.numaNodes).toEqual([
      { id: 0, cpus: '0-1', memoryMib: 4_096, hugePages: [] },
      { id: 1, cpus: '2-3', memoryMib: 4_096, hugePages: [] },
    ]);
  }, 180_000);

  it('of a running guest wait until it has been off, are a revision, and can be taken back', async () => {
    const id = await bench.running(TWO);
    expect([await view(id), made(id)]).toMatchObject([{ spec: { hardware: NONE }, pendingRestart: [] }, undefined]);
    expect(await done(id, { cpuPinning: ['0-1'] })).toMatchObject({
      revision: 2,
      pendingRestart: [{ path: 'hardware.cpuPinning', declaredValue: '["0-1"]', actualValue: '[]' }],
      revisions: { nodes: [{ changes: [{ path: 'hardware.cpuPinning.0', from: null, to: '"0-1"' }] }] },
    });
    expect((await done(id, { cpuPinning: ['1,0'] })).revision).toBe(2);
    expect((await restarted(id)).pendingRestart).toEqual([]);
    expect(made(id)?.tuning).toEqual({ ...NONE, cpuPinning: ['0-1'] });
    expect((await bench.say('restoreVmRevision', { vmId: id, revision: 1 })).errors).toBeUndefined();
    await ended(id, 'RESTORE_VM_REVISION');
    expect((await restarted(id)).spec.hardware).toEqual(NONE);
    expect(made(id)).toBeUndefined();
  }, 180_000);

  it('have to be said with another size that they do not fit, and stay with one that they do', async () => {
    const room = { ...TWO, maxVcpus: 3, maxMemoryMib: 512 };
    const numaNodes = [node('0-1', 256), node('2', 256)];
    const id = await bench.running({ ...room, hardware: { numaNodes } });
    const resize = (said: Record<string, unknown>) => bench.say('resizeVm', { vmId: id, ...TWO, ...said });
    expect((await resize({ vcpus: 3 })).errors).toBeUndefined();
    await ended(id, 'RESIZE_VM');
    expect(await view(id)).toMatchObject({ revision: 2, pendingRestart: [], drift: [] });
    expect(ruleOf(await resize({ memoryMib: 1_024 }))).toEqual(['INVALID_INPUT']);
    const larger = [node('0-1', 512), node('2', 512)];
    expect((await resize({ vcpus: 3, memoryMib: 1_024, numaNodes: larger })).errors).toBeUndefined();
    await bench.until(id, 'the end', ({ operations: [last] }) => last?.status === 'SUCCEEDED');
    const waiting = await view(id);
    expect(waiting.pendingRestart.map(({ path }) => path)).toContain('hardware.numaNodes');
    expect([waiting.revision, waiting.drift]).toEqual([3, []]);
    expect(await restarted(id)).toMatchObject({ pendingRestart: [], drift: [] });
    const sizes = { vcpus: 3, maxVcpus: 3, memoryMib: 1_024, maxMemoryMib: 1_024 };
    expect(made(id)).toEqual({ tuning: { ...NONE, numaNodes: larger }, sizes });
  }, 180_000);

  it('are only what its host has, which a dry run tells by its rule', async () => {
    await hostTells(PAGES);
    const id = await bench.running(TWO);
    const explain = async (hardware: object) => {
      const { departmentId, neighbours } = bench;
      const vm = { departmentId, name: 'dry', imageId: neighbours.imageId, ...TWO, hardware };
      const { data } = await bench.vms.ask(admin(), EXPLAIN, { input: { vms: [vm] } });
      const [planned] = data?.['explainPlacement'] as {
        placement: { hostsConsidered: { hostId: string; refusedBy: string | null }[] };
      }[];
      return planned?.placement.hostsConsidered.find(({ hostId }) => hostId === neighbours.hostId);
    };
    const refused: readonly (readonly [string, Record<string, unknown>])[] = [
      ['host-cpu-unknown', { cpuPinning: ['0-4'] }],
      ['numa-node-unknown', { numaNodes: [node('0-1', 256, 2)] }],
      ['huge-pages', { hugePages: 'MIB_2' }],
    ];
    for (const [rule, hardware] of refused) {
      expect(await explain(hardware)).toMatchObject({ refusedBy: rule });
      expect(ruleOf(await bench.create(bench.input({ ...TWO, hardware })))).toEqual(['NO_SUITABLE_HOST', rule]);
      expect(ruleOf(await set(id, hardware))).toEqual(['NO_SUITABLE_HOST', rule]);
    }
    expect(await explain({ hugePages: 'MIB_2' })).toMatchObject({ needed: 128, available: 100 });
    expect(await explain({ hugePages: 'MIB_2', cpuPinning: ['0'] })).toMatchObject({ refusedBy: 'huge-pages' });
    expect(await explain({ cpuPinning: ['0', '3'] })).toMatchObject({ refusedBy: null });
  }, 120_000);

  it('are huge pages that no other VM is promised while it is off, and that are there again without it', async () => {
    await hostTells(PAGES);
    const small = { vcpus: 1, memoryMib: 128, hardware: { hugePages: 'MIB_2' } };
    const id = await bench.running(small);
    await off(id);
    expect(ruleOf(await bench.create(bench.input(small)))).toEqual(['NO_SUITABLE_HOST', 'huge-pages']);
    expect(ruleOf(await bench.say('resizeVm', { vmId: id, vcpus: 1, memoryMib: 256 }))).toEqual([
      'NO_SUITABLE_HOST',
      'huge-pages',
    ]);
    // It may have its own again, also when its host does not tell yet that it gave them back.
    bench.neighbours.tuning.told = tuningWith([{ size: 'MIB_2', total: 128, free: 0 }]);
    await pollUntil(
      async () => {
        bench.report();
        return (await kept())?.nodes[0]?.hugePages[0]?.free === 0;
      },
      { what: 'a host without free pages', timeoutMs: 60_000 },
    );
    expect((await done(id, { cpuPinning: ['0'] })).spec.hardware).toMatchObject({ hugePages: 'MIB_2' });
    expect(ruleOf(await set(id, { numaNodes: [node('0', 128, 0)] }))).toEqual(['NO_SUITABLE_HOST', 'huge-pages']);
    await hostTells(tuningWith());
    await hostTells(PAGES);
    await goes(id);
    await goes(await bench.running(small));
  }, 180_000);

  it('are huge pages that memory is brought back on, whatever was said since', async () => {
    await hostTells(PAGES);
    const small = { vcpus: 1, memoryMib: 128, hardware: { hugePages: 'MIB_2' } };
    const id = await bench.running(small);
    await done(id, { hugePages: 'NONE' });
    await bench.act('saveVm', id);
    await bench.reaches(id, 'STOPPED');
    expect(ruleOf(await bench.create(bench.input(small)))).toEqual(['NO_SUITABLE_HOST', 'huge-pages']);
    await goes(id);
    await goes(await bench.running(small));
  }, 180_000);

  it('are not the memory that a guest runs on which has failed, while that is what it was made of', async () => {
    await hostTells(PAGES);
    const id = await bench.running({ vcpus: 1, memoryMib: 128, hardware: { bootOrder: ['DISK', 'NETWORK'] } });
    await done(id, { hugePages: 'MIB_2' });
    const undone = new Error('not to be kept');
    const committedIn = async (state: 'RUNNING' | 'ERROR' | 'STOPPED') => {
      let committedMib = -1;
      const look = database().$transaction(async (tx) => {
        await tx.vm.update({ where: { id }, data: { state } });
        const hosts = await bench.vms.get(FleetRepository).candidates(tx, []);
        committedMib = hosts.find(({ hostId }) => hostId === bench.neighbours.hostId)?.committedMib ?? -1;
        throw undone;
      });
      await expect(look).rejects.toBe(undone);
      return committedMib;
    };
    const running = await committedIn('RUNNING');
    expect(await committedIn('ERROR')).toBe(running);
    expect(await committedIn('STOPPED')).toBe(running - 128);
    await goes(id);
  }, 120_000);

  it('go to no host that has them not, and are refused where an agent does not tell', async () => {
    const hosts = await FurtherHosts.start(bench.neighbours.imageId);
    const hostId = hosts.add({ memoryMib: 1_024 });
    try {
      await pollUntil(() => database().host.findUnique({ where: { id: hostId } }), {
        what: 'the other host',
        timeoutMs: 60_000,
      });
      const id = await bench.running({ ...TWO, hardware: { cpuPinning: ['3'] } });
      const migrate = () => {
        const input = { idempotencyKey: randomUUID(), vmId: id, hostId };
        return bench.vms.ask(admin(), MIGRATE, { input });
      };
      expect(ruleOf(await migrate())).toEqual(['NO_SUITABLE_HOST', 'tuning-unknown']);
      // Until it has been off it is what it was made of.
      await done(id, { cpuPinning: [] });
      expect(ruleOf(await migrate())).toEqual(['NO_SUITABLE_HOST', 'tuning-unknown']);
    } finally {
      await hosts.stop();
    }
    const plain = await bench.running(TWO);
    await hostIsSilent();
    expect(ruleOf(await set(plain, { cpuPinning: ['0'] }))).toEqual(['UNSUPPORTED_BY_DRIVER']);
  }, 180_000);
});
