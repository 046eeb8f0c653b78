import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import { askOfPlacement } from '../testing/placement-requests.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, admin } from '../testing/vms-under-test.js';

/** One vCPU for each CPU, so that a host of 4 CPUs takes 4 VMs; memory is promised three times. */
const SETTINGS = { PLACEMENT_CPU_RATIO: '1', PLACEMENT_MEMORY_RATIO: '3', PLACEMENT_HOST_RESERVE_MIB: '2048' };
const EXPLAIN = `query ($input: ExplainPlacementInput!) { explainPlacement(input: $input) {
  placement { hostsConsidered { hostId refusedBy needed available ratio } } } }`;
const HOSTS = '{ hosts { id overcommit { cpuRatio memoryRatio } } }';
const CREATE = 'mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id } } }';

describe('placement by settings of a deployment', () => {
  let bench: VmBench;
  let hosts: FurtherHosts;
  let second: VmsUnderTest;
  beforeAll(async () => {
    bench = await VmBench.start(SETTINGS);
    second = await VmsUnderTest.start(bench.database, SETTINGS);
    hosts = await FurtherHosts.start(bench.neighbours.imageId);
  }, 120_000);
  afterAll(async () => {
    await hosts.stop();
    await second.stop();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const create = (overrides: Record<string, unknown> = {}, vms = bench.vms) =>
    vms.ask(bench.actor, CREATE, { input: bench.input(overrides) });
  const codeOf = ({ errors }: Awaited<ReturnType<typeof create>>) => errors?.[0]?.extensions.code ?? 'placed';

  it('gives one VM no more than the host has beside its reserve, however often that is promised', async () => {
    const { errors } = await create({ memoryMib: 6_145 });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'MEMORY_EXCEEDS_HOST',
      details: { requestedMib: 6_145, largestMib: 6_144 },
    });
  });

  it('places nothing with a create that is refused for another reason', async () => {
    const name = `vm-${randomUUID().slice(0, 8)}`;
    expect(codeOf(await create({ name, memoryMib: 5_000 }))).toBe('placed');
    expect(codeOf(await create({ name, memoryMib: 5_000 }))).toBe('NAME_TAKEN');
    expect(await database().vmPlacement.count()).toBe(1);
    expect(await database().vm.count()).toBe(1);
  });

  it('gives the last places out once when two instances accept in parallel', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_none, index) => create({ memoryMib: 2_048 }, index % 2 === 0 ? bench.vms : second)),
    );
    expect(answers.map(codeOf).filter((code) => code === 'placed')).toHaveLength(3);
    const refused = answers.find(({ errors }) => errors !== undefined);
    expect(refused?.errors?.[0]?.extensions).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: { hostsConsidered: 1, refusals: [{ rule: 'cpu-committed', hosts: 1 }] },
    });
    const placements = await database().vmPlacement.findMany({ select: { vmId: true } });
    const vms = await database().vm.findMany({ select: { id: true } });
    expect(placements.map(({ vmId }) => vmId).sort()).toEqual(vms.map(({ id }) => id).sort());
  }, 60_000);

  it('has a place again for what is deleted, and on a host that comes', async () => {
    const { id } = await database().vm.findFirstOrThrow({ where: { memoryMib: 2_048 } });
    await bench.reaches(id, 'RUNNING');
    expect(codeOf(await create())).toBe('NO_SUITABLE_HOST');
    await bench.act('deleteVm', id);
    await bench.isGone(id);
    expect(codeOf(await create())).toBe('placed');
    expect(codeOf(await create())).toBe('NO_SUITABLE_HOST');
    const hostId = hosts.add({ cpus: 1 });
    await pollUntil(async () => (await database().hostImage.count({ where: { hostId } })) > 0 || null, {
      what: 'the host that comes',
      timeoutMs: 60_000,
    });
    expect(codeOf(await create())).toBe('placed');
    expect(codeOf(await create())).toBe('NO_SUITABLE_HOST');
  }, 120_000);

  it('has a host promise what is said of it alone, until nothing is said of it any more', async () => {
    const { hostId } = bench.neighbours;
    const set = async (ratios: Record<string, number>) => {
      const { data, errors } = await askOfPlacement(bench, 'setHostOvercommit', { hostId, ...ratios }, admin());
      return errors?.[0]?.extensions.code ?? (data?.['setHostOvercommit'] as { overcommit: unknown }).overcommit;
    };
    const refusal = async (): Promise<unknown> => {
      const { idempotencyKey: _key, ...planned } = bench.input();
      const { data } = await bench.vms.ask(admin(), EXPLAIN, { input: { vms: [planned] } });
      const [explained] = data?.['explainPlacement'] as { placement: { hostsConsidered: { hostId: string }[] } }[];
      return explained?.placement.hostsConsidered.find((host) => host.hostId === hostId);
    };
    // The host has 4 CPUs, and 4 VMs.
    const full = { hostId, refusedBy: 'cpu-committed', needed: 1, available: 0 };
    expect(await refusal()).toEqual({ ...full, ratio: 1 });
    const own = { isCpuRatioOwn: true, isMemoryRatioOwn: false };
    expect(await set({ cpuRatio: 1.25 })).toEqual({ cpuRatio: 1.25, memoryRatio: 3, ...own });
    expect(codeOf(await create())).toBe('placed');
    expect(codeOf(await create())).toBe('NO_SUITABLE_HOST');
    expect(await refusal()).toEqual({ ...full, ratio: 1.25 });
    const { data } = await bench.vms.ask(admin(), HOSTS);
    expect(data?.['hosts']).toContainEqual({ id: hostId, overcommit: { cpuRatio: 1.25, memoryRatio: 3 } });
    expect(await set({ cpuRatio: 0.5 })).toBe('INVALID_INPUT');
    expect(await set({ memoryRatio: 9 })).toBe('INVALID_INPUT');
    const told = await database().auditEntry.findMany({
      where: { resourceId: hostId, verb: { startsWith: 'setHostOvercommit' }, result: 'ok' },
    });
    expect(told.map(({ verb }) => verb)).toEqual(['setHostOvercommit:1.25/default']);
    // What is there already stays there.
    expect(await set({})).toEqual({ cpuRatio: 1, memoryRatio: 3, isCpuRatioOwn: false, isMemoryRatioOwn: false });
    expect(await database().vm.count({ where: { hostId, state: { not: 'DELETED' } } })).toBe(5);
    expect(await refusal()).toEqual({ ...full, ratio: 1 });
  }, 60_000);

  it('places nothing on a host that is silent', async () => {
    await hosts.stop();
    await bench.neighbours.stop();
    // A heartbeat that was on its way writes its host anew.
    const silent = async () => {
      await database().host.updateMany({ data: { lastSeenAt: new Date(0) } });
      const { errors } = await create();
      expect(errors?.[0]?.extensions).toMatchObject({
        code: 'NO_SUITABLE_HOST',
        details: { hostsConsidered: 2, refusals: [{ rule: 'host-online', hosts: 2 }] },
      });
      return true;
    };
    await pollUntil(silent, { what: 'both hosts to be silent' });
  }, 60_000);
});
