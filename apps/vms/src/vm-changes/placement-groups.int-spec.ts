import { randomUUID } from 'node:crypto';
import { MAX_MEMBERS_OF_GROUP } from '@infinibay/vms-domain';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { DrainBench } from '../testing/drain-bench.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import { askOfPlacement, placementGroup } from '../testing/placement-requests.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, admin } from '../testing/vms-under-test.js';

const CREATE = 'mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id } } }';
const MIGRATE = 'mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { operation { id } } }';
const GROUP = 'query ($id: ID!) { placementGroup(id: $id) { vmCount isViolated vms { id } } }';
const GROUPS = 'query ($id: ID!) { vm(id: $id) { placementGroups { id } } }';
const PLACEMENT = `query ($id: ID!) { vm(id: $id) { placement {
  hostsConsidered { hostId refusedBy placementGroupId score { unmetPreferences } } } } }`;
const WHAT_IF = `query ($hostId: ID!) { whatIfHostFails(hostId: $hostId, first: 200) {
  nodes { vm { id } host { id } placement { hostsConsidered { hostId refusedBy } } } } }`;

interface Answered {
  readonly id: string | null;
  readonly code: string | null;
  readonly refusals: unknown;
}
interface DisplacedView {
  readonly vm: { readonly id: string };
  readonly host: { readonly id: string } | null;
  readonly placement: { readonly hostsConsidered: readonly { readonly hostId: string; readonly refusedBy: unknown }[] };
}

/** The host that does its work has more memory than the wide one, and that more than the small one. */
describe('placement groups', () => {
  let bench: VmBench;
  let second: VmsUnderTest;
  let hosts: FurtherHosts;
  let drain: DrainBench;
  let wide = '';
  let small = '';
  const administrator = admin();
  beforeAll(async () => {
    bench = await VmBench.start();
    second = await VmsUnderTest.start(bench.database);
    drain = new DrainBench(bench);
    hosts = await FurtherHosts.start(bench.neighbours.imageId);
    wide = hosts.add({ memoryMib: 4_096 });
    small = hosts.add({ memoryMib: 3_072 });
    await pollUntil(async () => (await database().hostImage.count()) === 3 || null, {
      what: 'all hosts',
      timeoutMs: 60_000,
    });
  }, 120_000);
  afterAll(async () => {
    await hosts.stop();
    await second.stop();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const home = () => bench.neighbours.hostId;
  const hostOf = async (id: string | null) =>
    (await database().vm.findUniqueOrThrow({ where: { id: id ?? '' } })).hostId;
  const hostsOf = (ids: readonly (string | null)[]) => Promise.all(ids.map(hostOf));
  /** Repeated with its key while load keeps it from an answer, or hosts from telling of themselves. */
  const create = (placementGroupIds: readonly string[], vms = bench.vms): Promise<Answered> => {
    const input = bench.input({ placementGroupIds });
    return pollUntil(
      async () => {
        const { data, errors } = await vms.ask(bench.actor, CREATE, { input });
        const refusal = errors?.[0]?.extensions;
        if (/SERVICE_UNAVAILABLE|host-online/.test(JSON.stringify(refusal ?? null))) return null;
        const made = data?.['createVm'] as { vm: { id: string } } | null | undefined;
        return { id: made?.vm.id ?? null, code: refusal?.code ?? null, refusals: refusal?.details['refusals'] };
      },
      { what: 'an answer to a create', timeoutMs: 100_000 },
    );
  };
  const inParallel = (placementGroupIds: readonly string[], count: number): Promise<Answered[]> =>
    Promise.all(
      Array.from({ length: count }, (_none, index) => create(placementGroupIds, index % 2 === 0 ? bench.vms : second)),
    );
  const group = async (id: string) =>
    (await bench.vms.ask(bench.actor, GROUP, { id })).data?.['placementGroup'] as {
      readonly vmCount: number;
      readonly isViolated: boolean;
      readonly vms: readonly { readonly id: string }[];
    };
  const groupsOf = async (id: string) => (await bench.vms.ask(administrator, GROUPS, { id })).data?.['vm'];
  const change = async (name: 'add' | 'remove', vmId: string | null, placementGroupId: string): Promise<unknown> => {
    const mutation = name === 'add' ? 'addVmToPlacementGroup' : 'removeVmFromPlacementGroup';
    const { errors } = await askOfPlacement(bench, mutation, { vmId, placementGroupId });
    return errors?.[0]?.extensions.code ?? null;
  };
  const foreseen = async (vmId: string) =>
    (await drain.preview({ mode: 'MIGRATE', first: 200 })).nodes.find(({ vm }) => vm.id === vmId);
  const displaced = async (): Promise<readonly DisplacedView[]> => {
    const { data } = await bench.vms.ask(administrator, WHAT_IF, { hostId: home() });
    return (data?.['whatIfHostFails'] as { nodes: DisplacedView[] }).nodes;
  };

  it('that are REQUIRED are never broken by creates that come at once, to two instances', async () => {
    const apart = await placementGroup(bench);
    const answers = await inParallel([apart], 12);
    const placed = answers.filter(({ id }) => id !== null).map(({ id }) => id);
    expect(new Set(await hostsOf(placed))).toEqual(new Set([home(), wide, small]));
    expect(placed).toHaveLength(3);
    expect(answers.find(({ id }) => id === null)).toEqual({
      id: null,
      code: 'NO_SUITABLE_HOST',
      refusals: [{ rule: 'apart-from', hosts: 3 }],
    });
    expect(await group(apart)).toMatchObject({ vmCount: 3, isViolated: false });

    const [both, together] = [
      await placementGroup(bench, { strictness: 'PREFERRED' }),
      await placementGroup(bench, { policy: 'TOGETHER' }),
    ];
    // What is preferred has nothing to say against what is required.
    const beside = (await inParallel([both, together], 8)).map(({ id }) => id);
    expect(new Set(await hostsOf(beside))).toEqual(new Set([home()]));
    expect(await group(both)).toMatchObject({ vmCount: 8, isViolated: true });
    const last = await create([both, together]);
    const refused = { refusedBy: 'together-with', placementGroupId: together, score: null };
    expect((await bench.vms.ask(administrator, PLACEMENT, { id: last.id })).data?.['vm']).toEqual({
      placement: {
        hostsConsidered: [
          { hostId: home(), refusedBy: null, placementGroupId: null, score: { unmetPreferences: 8 } },
          ...[wide, small].sort().map((hostId) => ({ hostId, ...refused })),
        ],
      },
    });
  }, 120_000);

  it('say why a VM can not leave its host, and show that they are violated by a VM that is put into them', async () => {
    const together = await placementGroup(bench, { policy: 'TOGETHER' });
    const first = await bench.running({ placementGroupIds: [together] });
    const other = await bench.running({ placementGroupIds: [together] });
    for (const id of [first, other]) {
      const preview = await foreseen(id);
      expect([preview?.outcome, preview?.reason?.code]).toEqual(['BLOCKED', 'NO_SUITABLE_HOST']);
      expect(preview?.reason?.message).toContain('together-with');
    }
    // Of a host that is lost both go, and to the same one.
    const lost = (await displaced()).filter(({ vm }) => vm.id === first || vm.id === other);
    const [where, besides] = lost.map(({ host }) => host?.id ?? null);
    expect([wide, small]).toContain(where);
    expect(besides).toBe(where);

    const apart = await placementGroup(bench);
    expect([await change('add', first, apart), await change('add', other, apart)]).toEqual([null, null]);
    expect(await change('add', other, apart)).toBeNull();
    expect(await group(apart)).toEqual({
      vmCount: 2,
      isViolated: true,
      vms: [{ id: first }, { id: other }].sort((a, b) => (a.id < b.id ? -1 : 1)),
    });
    expect(await hostsOf([first, other])).toEqual([home(), home()]);
    const third = await create([apart]);
    expect(await hostOf(third.id)).toBe(wide);
    const again = (await displaced()).find(({ vm }) => vm.id === first);
    expect(again?.placement.hostsConsidered).toContainEqual({ hostId: wide, refusedBy: 'apart-from' });
    expect(await change('remove', other, apart)).toBeNull();
    expect(await change('remove', other, apart)).toBeNull();
    expect(await group(apart)).toMatchObject({ vmCount: 2, isViolated: false });
  }, 120_000);

  it('are of one department, have room for so many, and are left by what is deleted', async () => {
    const departmentId = randomUUID();
    bench.neighbours.departments.add(departmentId);
    const said = { departmentId, name: 'theirs', policy: 'APART', strictness: 'REQUIRED' };
    const { data } = await askOfPlacement(bench, 'createPlacementGroup', said, administrator);
    const theirs = (data?.['createPlacementGroup'] as { id: string }).id;
    const own = await placementGroup(bench, { strictness: 'PREFERRED' });
    const vmId = await bench.running({ placementGroupIds: [own, own.toUpperCase()] });
    expect(await change('add', vmId, theirs)).toBe('PLACEMENT_GROUP_NOT_FOUND');
    expect((await create([own, theirs])).code).toBe('PLACEMENT_GROUP_NOT_FOUND');
    const input = { vmId, placementGroupId: theirs };
    const asked = await askOfPlacement(bench, 'addVmToPlacementGroup', input, administrator);
    expect(asked.errors?.[0]?.extensions.code).toBe('PLACEMENT_GROUP_NOT_FOUND');
    expect(await groupsOf(vmId)).toEqual({ placementGroups: [{ id: own }] });
    // Whoever works on it there is not waited for: it is none of this department's.
    const refused = await database().$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT id FROM placement_groups WHERE id = ${theirs}::uuid FOR UPDATE`;
        return create([theirs]);
      },
      { timeout: 120_000 },
    );
    expect(refused.code).toBe('PLACEMENT_GROUP_NOT_FOUND');
    expect(await change('remove', vmId, own)).toBeNull();
    expect(await change('add', vmId, own)).toBeNull();
    const verbs = await database().auditEntry.findMany({
      where: { resourceId: vmId, verb: { contains: 'PlacementGroup' }, result: 'ok' },
      orderBy: { id: 'asc' },
    });
    expect(verbs.map(({ verb }) => verb)).toEqual([
      `removeVmFromPlacementGroup:${own}`,
      `addVmToPlacementGroup:${own}`,
    ]);

    const { imageId, diskBytes } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    const off = { state: 'STOPPED' as const, desired: 'STOPPED', vcpus: 1, memoryMib: 1, imageId, diskBytes };
    const ours = { departmentId: bench.departmentId, ownerId: bench.actor.userId, hostId: home() };
    const many = Array.from({ length: MAX_MEMBERS_OF_GROUP - 1 }, () => {
      const id = randomUUID();
      return { id, name: `vm-${id.slice(0, 8)}`, ...off, ...ours };
    });
    await database().vm.createMany({ data: many });
    await database().placementGroupMember.createMany({ data: many.map(({ id }) => ({ groupId: own, vmId: id })) });
    expect((await create([own])).code).toBe('PLACEMENT_GROUP_FULL');
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(await database().placementGroupMember.count({ where: { vmId } })).toBe(0);
    expect((await group(own)).vmCount).toBe(MAX_MEMBERS_OF_GROUP - 1);
    expect((await create([own])).code).toBeNull();
    await database().vm.deleteMany({ where: { id: { in: many.map(({ id }) => id) } } });
  }, 120_000);

  it('are obeyed by a migration, and by what comes while it is under way', async () => {
    const apart = await placementGroup(bench);
    const vmId = await bench.running({ placementGroupIds: [apart] });
    const beside = await create([apart]);
    expect(await hostsOf([vmId, beside.id])).toEqual([home(), wide]);
    await bench.hold(vmId);
    const migrate = async (hostId: string | null) => {
      const input = { idempotencyKey: randomUUID(), vmId, hostId };
      return (await bench.vms.ask(administrator, MIGRATE, { input })).errors?.[0]?.extensions;
    };
    expect(await migrate(wide)).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: { refusals: [{ rule: 'apart-from', hosts: 1 }] },
    });
    expect(await migrate(null)).toBeUndefined();
    expect(await database().vmMigration.findUnique({ where: { vmId } })).toMatchObject({ targetHostId: small });
    // It may end on either host.
    expect((await create([apart])).refusals).toEqual([{ rule: 'apart-from', hosts: 3 }]);
  }, 120_000);
});
