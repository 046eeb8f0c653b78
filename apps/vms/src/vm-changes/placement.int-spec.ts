import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const PLACEMENT = `{
  decidedAt hostCount refusals { rule hosts }
  hostsConsidered { hostId host { id } accepted refusedBy message needed available score { filters freeMib vcpusPerCpu } }
}`;
const EXPLAIN = `query ($input: ExplainPlacementInput!) {
  explainPlacement(input: $input) { name host { id } error { code } placement ${PLACEMENT} }
}`;
const WHAT_IF = `query ($hostId: ID!, $first: Int! = 50, $after: String) {
  whatIfHostFails(hostId: $hostId, first: $first, after: $after) {
    nodes { vm { id } host { id } placement ${PLACEMENT} } totalCount unplacedCount pageInfo { endCursor hasNextPage }
  }
}`;

interface PlacementView {
  readonly decidedAt: string | null;
  readonly hostCount: number;
  readonly refusals: unknown[];
  readonly hostsConsidered: {
    readonly hostId: string;
    readonly accepted: boolean;
    readonly refusedBy: string | null;
  }[];
}
interface ExplainedView {
  readonly name: string;
  readonly host: { readonly id: string } | null;
  readonly error: { readonly code: string } | null;
  readonly placement: PlacementView | null;
}
interface WhatIfView {
  readonly nodes: {
    readonly vm: { readonly id: string };
    readonly host: { readonly id: string } | null;
    readonly placement: PlacementView;
  }[];
  readonly totalCount: number;
  readonly unplacedCount: number;
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
}

/** Place for 15 VMs of 512 MiB on the host that does its work, 20 on the large one, 16 by vCPUs on the narrow one. */
describe('placement', () => {
  let bench: VmBench;
  let hosts: FurtherHosts;
  let large = '';
  let narrow = '';
  let bare = '';
  const administrator = admin();
  const MEMORY = 512;
  beforeAll(async () => {
    bench = await VmBench.start({ PLACEMENT_CPU_RATIO: '16' });
    hosts = await FurtherHosts.start(bench.neighbours.imageId);
    large = hosts.add({ memoryMib: 512 + 20 * MEMORY });
    narrow = hosts.add({ memoryMib: 65_536, cpus: 1 });
    bare = hosts.add({ hasImage: false });
    await pollUntil(
      async () => {
        const rows = await database().host.findMany({ include: { images: true } });
        return (rows.length === 4 && rows.filter(({ images }) => images.length > 0).length === 3) || null;
      },
      { what: 'all hosts', timeoutMs: 60_000 },
    );
  }, 120_000);
  afterAll(async () => {
    await hosts.stop();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const planned = (overrides: Record<string, unknown> = {}) => {
    const { idempotencyKey: _key, ...input } = bench.input({ memoryMib: MEMORY, ...overrides });
    return input;
  };
  const ask = (vms: unknown[], as: Actor = administrator) => bench.vms.ask(as, EXPLAIN, { input: { vms } });
  const explain = async (vms: unknown[], as?: Actor): Promise<ExplainedView[]> =>
    (await ask(vms, as)).data?.['explainPlacement'] as ExplainedView[];
  const placementOf = async (id: string, as: Actor): Promise<PlacementView | undefined> => {
    const answer = await bench.vms.ask(as, `query ($id: ID!) { vm(id: $id) { placement ${PLACEMENT} } }`, { id });
    return (answer.data?.['vm'] as { placement: PlacementView } | undefined)?.placement;
  };
  const whatIf = async (hostId: string, page: Record<string, unknown> = {}) =>
    (await bench.vms.ask(administrator, WHAT_IF, { hostId, ...page })).data?.['whatIfHostFails'] as WhatIfView;

  /** Repeats a create with its key, as clients do, while load keeps it from an answer or hosts from telling of themselves. */
  const finalCode = (input: Record<string, unknown>): Promise<string> =>
    pollUntil(
      async () => {
        const extensions = (await bench.create(input)).errors?.[0]?.extensions;
        if (extensions === undefined) return 'placed';
        const isFinal = extensions.code === 'NO_SUITABLE_HOST' && !JSON.stringify(extensions).includes('host-online');
        return isFinal ? extensions.code : null;
      },
      { what: 'an answer to a create', timeoutMs: 100_000 },
    );

  it('keeps with the VM what was found about each host, for administrators', async () => {
    const id = await bench.created({ memoryMib: MEMORY });
    const placement = await placementOf(id, administrator);
    expect(placement).toMatchObject({
      hostCount: 4,
      refusals: [{ rule: 'image-present', hosts: 1 }],
      hostsConsidered: [
        {
          hostId: narrow,
          host: { id: narrow },
          accepted: true,
          refusedBy: null,
          score: { filters: true, vcpusPerCpu: 0 },
        },
        { hostId: large, accepted: true, score: { freeMib: 10_240, vcpusPerCpu: 0 } },
        { hostId: bench.neighbours.hostId, accepted: true, score: { freeMib: 7_680 } },
        { hostId: bare, accepted: false, refusedBy: 'image-present', score: null },
      ],
    });
    expect(Date.parse(placement?.decidedAt ?? '')).not.toBeNaN();
  });

  it('shows members the host that was chosen and counts, nothing of other hosts; other departments see no VM', async () => {
    const id = await bench.created({ memoryMib: MEMORY });
    const placement = await placementOf(id, bench.actor);
    expect(placement).toMatchObject({ hostCount: 4, refusals: [{ rule: 'image-present', hosts: 1 }] });
    expect(placement?.hostsConsidered).toMatchObject([{ hostId: narrow, accepted: true, score: null }]);
    expect(await placementOf(id, memberOf(randomUUID()))).toBeUndefined();
  });

  it('names rules and counts when no host can take it, and no host', async () => {
    const { errors } = await bench.create(bench.input({ vcpus: 5 }));
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'NO_SUITABLE_HOST' });
    expect(errors?.[0]?.extensions.details).toEqual({
      hostsConsidered: 4,
      refusals: [
        { rule: 'image-present', hosts: 1 },
        { rule: 'cpu', hosts: 3 },
      ],
    });
  });

  it('says where a batch would go, one after another, and writes nothing', async () => {
    // Two VMs of 512 MiB stand there: two of 32,000 MiB are the last that fit.
    expect(await database().vm.count({ where: { hostId: narrow } })).toBe(2);
    const before = await database().vm.count();
    const vms = Array.from({ length: 3 }, () => planned({ memoryMib: 32_000 }));
    const answers = await explain([...vms, planned({ vcpus: 4 })]);
    expect(answers.map(({ host, error }) => host?.id ?? error?.code)).toEqual([
      narrow,
      narrow,
      'NO_SUITABLE_HOST',
      large,
    ]);
    expect(answers[0]?.name).toBe(vms[0]?.['name']);
    expect(answers[2]?.placement?.hostsConsidered.map(({ refusedBy }) => refusedBy)).toContain('memory-committed');
    expect(await database().vm.count()).toBe(before);
    expect(await database().operation.count({ where: { kind: 'CREATE_VM' } })).toBe(before);
  });

  it('is asked as a member: each VM has its own error, and no host but the chosen one is told', async () => {
    const [good, stranger, image, small, none] = await explain(
      [
        planned(),
        planned({ departmentId: randomUUID() }),
        planned({ imageId: randomUUID() }),
        planned({ memoryMib: 64 }),
        planned({ vcpus: 100 }),
      ],
      bench.actor,
    );
    expect(good).toMatchObject({ error: null, host: { id: narrow } });
    expect(good?.placement?.hostsConsidered).toMatchObject([{ hostId: narrow, score: null }]);
    expect(stranger).toMatchObject({ error: { code: 'DEPARTMENT_NOT_FOUND' }, host: null, placement: null });
    expect(image).toMatchObject({ error: { code: 'IMAGE_NOT_FOUND' }, placement: null });
    expect(small).toMatchObject({ error: { code: 'INVALID_INPUT' }, placement: null });
    expect(none).toMatchObject({ error: { code: 'NO_SUITABLE_HOST' }, placement: { hostsConsidered: [] } });
  });

  it('refuses what is no batch', async () => {
    const code = async (vms: unknown[]) => (await ask(vms)).errors?.[0]?.extensions.code;
    expect(await code([])).toBe('INVALID_INPUT');
    expect(await code(Array.from({ length: 101 }, () => planned()))).toBe('INVALID_INPUT');
    expect(await code([planned({ name: '\u0000' })])).toBe('INVALID_INPUT');
    expect(await code([planned({ templateId: randomUUID() })])).toBe('INVALID_INPUT');
    expect(await explain(Array.from({ length: 100 }, () => planned()))).toHaveLength(100);
  });

  it('tells administrators where each VM of a host would go, page by page', async () => {
    const all = await whatIf(narrow);
    const ids = (await database().vm.findMany({ where: { hostId: narrow } })).map(({ id }) => id).sort();
    expect(all.nodes.map(({ vm }) => vm.id)).toEqual(ids);
    expect(all).toMatchObject({ totalCount: ids.length, unplacedCount: 0 });
    for (const { host } of all.nodes) expect(host?.id).toBe(large);
    const first = await whatIf(narrow, { first: 1 });
    const second = await whatIf(narrow, { first: 1, after: first.pageInfo.endCursor });
    expect([...first.nodes, ...second.nodes]).toEqual(all.nodes.slice(0, 2));
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect((await whatIf(bare)).totalCount).toBe(0);
    const codes = await Promise.all(
      (
        [
          [bench.actor, narrow],
          [administrator, randomUUID()],
          [administrator, 'nonsense'],
        ] as const
      ).map(async ([as, hostId]) => (await bench.vms.ask(as, WHAT_IF, { hostId })).errors?.[0]?.extensions.code),
    );
    expect(codes).toEqual(['FORBIDDEN', 'HOST_NOT_FOUND', 'HOST_NOT_FOUND']);
  });

  it('takes exactly as many of 100 parallel creates as there is place for', async () => {
    const taken = await database().vm.count({ where: { hostId: narrow } });
    // 15 and 20 by memory, and on the narrow host by vCPUs what is left of 16.
    const places = 15 + 20 + (16 - taken);
    const inputs = Array.from({ length: 100 }, () => bench.input({ memoryMib: MEMORY, vcpus: 1 }));
    const codes = await Promise.all(inputs.map(finalCode));
    expect(codes.filter((code) => code === 'placed')).toHaveLength(places);
    expect(codes.filter((code) => code === 'NO_SUITABLE_HOST')).toHaveLength(100 - places);
    const counts = await database().vm.groupBy({ by: ['hostId'], _count: true });
    expect(new Map(counts.map(({ hostId, _count }) => [hostId, _count]))).toEqual(
      new Map([
        [narrow, 16],
        [large, 20],
        [bench.neighbours.hostId, 15],
      ]),
    );
  }, 120_000);

  it('names the rule by which each other host refuses a VM when the fleet is full', async () => {
    const full = await whatIf(large);
    expect(full).toMatchObject({ totalCount: 20, unplacedCount: 20 });
    const considered = new Map(full.nodes[0]?.placement.hostsConsidered.map((host) => [host.hostId, host.refusedBy]));
    expect(considered).toEqual(
      new Map([
        [narrow, 'cpu-committed'],
        [bench.neighbours.hostId, 'memory-committed'],
        [bare, 'image-present'],
      ]),
    );
  });
});
