import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';

const KIB = 1_024;
const SPEC = `query ($id: ID!) { vm(id: $id) {
  vcpus memoryMib revision spec { version vcpus maxVcpus memoryMib maxMemoryMib }
  pendingRestart { path reason message declared actual } drift { path declared actual }
  revisions(first: 2) { totalCount pageInfo { hasNextPage endCursor }
    nodes { number operation correlationId author { id } spec { vcpus memoryMib } changes { path from to } } } } }`;
const COMPARE = `query ($id: ID!, $from: Int!, $to: Int!) { compareVmRevisions(vmId: $id, from: $from, to: $to) { path from to } }`;

interface SpecView {
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly revision: number;
  readonly spec: Readonly<Record<string, number>>;
  readonly pendingRestart: readonly { readonly path: string; readonly reason: string }[];
  readonly drift: readonly unknown[];
  readonly revisions: {
    readonly totalCount: number;
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
    readonly nodes: readonly { readonly number: number; readonly [name: string]: unknown }[];
  };
}

describe('resizeVm', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ RETRY_LIMIT_SECONDS: '10' });
  }, 120_000);
  afterEach(() => {
    bench.neighbours.disturb = () => undefined;
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const guest = (id: string) => bench.neighbours.vm(id);
  const definition = (id: string) => guest(id).sizes.definition;
  const domain = (vcpus: number, memoryMib: number, maxVcpus = vcpus, maxMemoryMib = memoryMib) => ({
    vcpus,
    maxVcpus,
    memoryKib: memoryMib * KIB,
    maxMemoryKib: maxMemoryMib * KIB,
  });
  const view = async (id: string) => (await bench.vms.ask(bench.actor, SPEC, { id })).data?.['vm'] as SpecView;
  const resize = (vmId: string, more: Record<string, unknown>) => bench.say('resizeVm', { vmId, ...more });
  const codes = ({ errors }: Awaited<ReturnType<typeof resize>>) => errors?.map(({ extensions }) => extensions.code);
  /** None is open any more. Of those that came at once any may have been the last: lists show them by when they came. */
  const ends = async (id: string, status: 'SUCCEEDED' | 'FAILED' = 'SUCCEEDED', kind = 'RESIZE_VM') => {
    const isAtRest = async (): Promise<boolean> => {
      bench.report();
      const open = await database().operation.count({
        where: { resourceId: id, status: { in: ['PENDING', 'RUNNING'] } },
      });
      return open === 0;
    };
    await pollUntil(isAtRest, { what: `the end of ${kind}`, timeoutMs: 60_000 });
    expect(await database().operation.count({ where: { resourceId: id, kind, status } })).toBeGreaterThan(0);
    const vm = await bench.view(id);
    if (vm === undefined) throw new Error('the VM is gone');
    return vm;
  };
  const resized = async (id: string, more: Record<string, unknown>): Promise<SpecView> => {
    expect(codes(await resize(id, more))).toBeUndefined();
    await ends(id);
    return view(id);
  };
  const off = async (id: string): Promise<void> => {
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
  };
  const on = async (id: string): Promise<void> => {
    await bench.act('startVm', id);
    await ends(id, 'SUCCEEDED', 'START_VM');
  };
  /** A VM that was started with room above its size. */
  const roomy = async (): Promise<string> => {
    const id = await bench.running();
    await off(id);
    await resized(id, { vcpus: 1, memoryMib: 256, maxVcpus: 4, maxMemoryMib: 512 });
    await on(id);
    return id;
  };

  it('writes a revision with who, what and why, defines it, and says what waits for a restart', async () => {
    const id = await bench.running();
    const first = await view(id);
    expect(first).toMatchObject({
      revision: 1,
      pendingRestart: [],
      drift: [],
      spec: { version: 1, vcpus: 1, maxVcpus: 1 },
    });
    const vm = await resized(id, { vcpus: 2, memoryMib: 256 });
    expect(vm).toMatchObject({ vcpus: 2, memoryMib: 256, revision: 2, drift: [] });
    expect(vm.spec).toEqual({ version: 1, vcpus: 2, maxVcpus: 2, memoryMib: 256, maxMemoryMib: 256 });
    expect([definition(id), guest(id).sizes.live]).toEqual([domain(2, 256), domain(1, 128)]);
    expect(vm.pendingRestart.map(({ path, reason }) => [path, reason])).toEqual([
      ['vcpus', 'ABOVE_BOUND'],
      ['maxVcpus', 'BOUND_AT_BOOT'],
      ['memoryMib', 'ABOVE_BOUND'],
      ['maxMemoryMib', 'BOUND_AT_BOOT'],
    ]);
    const [newest, oldest] = vm.revisions.nodes;
    expect(newest).toMatchObject({
      number: 2,
      operation: 'RESIZE_VM',
      author: { id: bench.actor.userId },
      correlationId: expect.any(String),
    });
    expect(newest?.['changes']).toContainEqual({ path: 'vcpus', from: '1', to: '2' });
    expect(oldest).toMatchObject({ number: 1, operation: 'CREATE_VM', changes: [], correlationId: expect.any(String) });
    const compared = await bench.vms.ask(bench.actor, COMPARE, { id, from: 2, to: 1 });
    expect(compared.data?.['compareVmRevisions']).toContainEqual({ path: 'memoryMib', from: '256', to: '128' });
    expect(codes(await bench.vms.ask(bench.actor, COMPARE, { id, from: 1, to: 3 }))).toEqual(['REVISION_NOT_FOUND']);
    expect(await bench.told(id)).toContain('updated');
    expect(guest(id).power).toBe('running');

    await off(id);
    expect((await view(id)).pendingRestart).toEqual([]);
    await on(id);
    expect([guest(id).sizes.live, (await view(id)).pendingRestart]).toEqual([domain(2, 256), []]);
  });

  it('is not needed for a VM that is made with room above its size', async () => {
    const id = await bench.running({ maxVcpus: 4, maxMemoryMib: 512 });
    expect((await view(id)).spec).toEqual({ version: 1, vcpus: 1, maxVcpus: 4, memoryMib: 128, maxMemoryMib: 512 });
    expect(guest(id).sizes.live).toEqual(domain(1, 128, 4, 512));
    expect(await resized(id, { vcpus: 4, memoryMib: 512 })).toMatchObject({ pendingRestart: [], drift: [] });
    for (const [more, code] of [
      [{ vcpus: 2, maxVcpus: 1 }, 'INVALID_INPUT'],
      [{ maxMemoryMib: 100 }, 'INVALID_INPUT'],
      [{ maxMemoryMib: 9_000 }, 'MEMORY_EXCEEDS_HOST'],
      [{ maxVcpus: 5 }, 'NO_SUITABLE_HOST'],
    ] as const)
      expect([more, codes(await bench.create(bench.input(more)))]).toEqual([more, [code]]);
    const input = bench.input();
    const first = await bench.create(input);
    const again = await bench.create({ ...input, maxVcpus: null, maxMemoryMib: null });
    expect([codes(first), codes(again)]).toEqual([undefined, undefined]);
    expect(codes(await bench.create({ ...input, maxVcpus: 2 }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('changes what runs within the room that it was started with, and keeps the room', async () => {
    const id = await roomy();
    expect(guest(id).sizes.live).toEqual(domain(1, 256, 4, 512));
    const vm = await resized(id, { vcpus: 3, memoryMib: 512 });
    expect(vm).toMatchObject({ spec: { maxVcpus: 4, maxMemoryMib: 512 }, pendingRestart: [], drift: [] });
    expect([definition(id), guest(id).sizes.live]).toEqual([domain(3, 512, 4, 512), domain(3, 512, 4, 512)]);
    const steps = await database().operationStep.findMany({
      where: { operation: { resourceId: id, kind: 'RESIZE_VM' } },
      orderBy: [{ operationId: 'desc' }, { position: 'asc' }],
      take: 2,
    });
    expect(steps.map(({ name, status }) => [name, status])).toEqual([
      ['redefine', 'SUCCEEDED'],
      ['update-live', 'SUCCEEDED'],
    ]);
  });

  it('says what the guest keeps, and is done all the same', async () => {
    const id = await roomy();
    await resized(id, { vcpus: 3, memoryMib: 256 });
    guest(id).sizes.isDeaf = true;
    const vm = await resized(id, { vcpus: 2, memoryMib: 128 });
    expect(vm.pendingRestart.map(({ path, reason }) => [path, reason])).toEqual([
      ['vcpus', 'GUEST_KEEPS'],
      ['memoryMib', 'GUEST_KEEPS'],
    ]);
    // The guest comes to it after all.
    Object.assign(guest(id).sizes, { live: domain(2, 128, 4, 512) });
    await bench.until(id, 'nothing to wait for', () => true);
    await pollUntil(
      async () => {
        bench.report();
        return (await view(id)).pendingRestart.length === 0;
      },
      { what: 'the guest to have given it back' },
    );
    expect((await view(id)).drift).toEqual([]);
  });

  it('goes back to an earlier revision by a new one', async () => {
    const id = await bench.running();
    await resized(id, { vcpus: 2, memoryMib: 256 });
    await bench.say('restoreVmRevision', { vmId: id, revision: 1 });
    await ends(id, 'SUCCEEDED', 'RESTORE_VM_REVISION');
    const vm = await view(id);
    expect(vm).toMatchObject({ revision: 3, vcpus: 1, memoryMib: 128, pendingRestart: [] });
    expect(vm.revisions).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    expect(vm.revisions.nodes.map(({ number }) => number)).toEqual([3, 2]);
    const more = `query ($id: ID!, $after: String) { vm(id: $id) { revisions(after: $after) { nodes { number } } } }`;
    const page = await bench.vms.ask(bench.actor, more, { id, after: vm.revisions.pageInfo.endCursor });
    expect(page.data?.['vm']).toEqual({ revisions: { nodes: [{ number: 1 }] } });
    expect(definition(id)).toEqual(domain(1, 128));
    expect(codes(await bench.say('restoreVmRevision', { vmId: id, revision: 9 }))).toEqual(['REVISION_NOT_FOUND']);
  });

  it('to what it is makes no revision, and makes sure of its host', async () => {
    const id = await bench.running();
    guest(id).sizes.definition = domain(7, 64);
    expect(await resized(id, { vcpus: 1, memoryMib: 128 })).toMatchObject({ revision: 1, drift: [] });
    expect(definition(id)).toEqual(domain(1, 128));
    expect(await database().vmRevision.count({ where: { vmId: id } })).toBe(1);
  });

  it('of a VM that an older version made begins with what that made', async () => {
    const id = await bench.running();
    await database().vmRevision.deleteMany({ where: { vmId: id } });
    expect((await view(id)).revisions).toMatchObject({
      totalCount: 1,
      nodes: [{ number: 1, operation: 'CREATE_VM', correlationId: null }],
    });
    const vm = await resized(id, { vcpus: 2, memoryMib: 128 });
    expect(vm.revisions.nodes.map(({ number, spec }) => [number, spec])).toEqual([
      [2, { vcpus: 2, memoryMib: 128 }],
      [1, { vcpus: 1, memoryMib: 128 }],
    ]);
  });

  it('acts once for a key, and of twenty at once the last is what the host has', async () => {
    const id = await bench.running();
    const key = randomUUID();
    const same = await Promise.all([1, 2, 3].map(() => resize(id, { vcpus: 2, memoryMib: 128, idempotencyKey: key })));
    expect(same.flatMap((answer) => codes(answer) ?? [])).toEqual([]);
    expect((await view(id)).revision).toBe(2);
    expect(codes(await resize(id, { vcpus: 3, memoryMib: 128, idempotencyKey: key }))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
    const many = Array.from({ length: 20 }, (_, index) =>
      resize(id, { vcpus: 1 + (index % 4), memoryMib: 128 + index }),
    );
    expect((await Promise.all(many)).flatMap((answer) => codes(answer) ?? [])).toEqual([]);
    await ends(id);
    const { spec, revision } = await view(id);
    expect(definition(id)).toEqual(domain(spec['vcpus'] ?? 0, spec['memoryMib'] ?? 0));
    const numbers = await database().vmRevision.findMany({ where: { vmId: id }, orderBy: { number: 'asc' } });
    expect(numbers.map(({ number }) => number)).toEqual(Array.from({ length: revision }, (_, index) => index + 1));
  });

  it('that is asked for while another is brought to the host ends as the later one', async () => {
    const id = await bench.running();
    const [arrived, free] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    bench.neighbours.disturb = async (name, vmId) => {
      if (name !== 'resize-definition' || vmId !== id) return;
      arrived.resolve(undefined);
      await free.promise;
    };
    await resize(id, { vcpus: 2, memoryMib: 256 });
    await arrived.promise;
    await resize(id, { vcpus: 3, memoryMib: 384 });
    free.resolve(undefined);
    await ends(id);
    expect(definition(id)).toEqual(domain(3, 384));
    const ended = await database().operation.findMany({
      where: { resourceId: id, kind: 'RESIZE_VM' },
      orderBy: { id: 'asc' },
    });
    expect(ended.map(({ status }) => status)).toEqual(['SUPERSEDED', 'SUCCEEDED']);
  });

  it('is refused below what the image needs, beyond the host, and with a bound below the size; nothing is changed', async () => {
    const id = await bench.running();
    const unclaimed = { fence: 0, leaseOwner: null, leaseUntil: null, reconcileAt: null, updatedAt: null };
    const whole = async () => ({ ...(await database().vm.findUniqueOrThrow({ where: { id } })), ...unclaimed });
    const before = await whole();
    const refused: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ vcpus: 1, memoryMib: 64 }, 'INVALID_INPUT'],
      [{ vcpus: 0, memoryMib: 128 }, 'INVALID_INPUT'],
      [{ vcpus: 2, memoryMib: 128, maxVcpus: 1 }, 'INVALID_INPUT'],
      [{ vcpus: 1, memoryMib: 9_000 }, 'MEMORY_EXCEEDS_HOST'],
      [{ vcpus: 1, memoryMib: 128, maxMemoryMib: 9_000 }, 'MEMORY_EXCEEDS_HOST'],
      [{ vcpus: 5, memoryMib: 128 }, 'NO_SUITABLE_HOST'],
      [{ vcpus: 1, memoryMib: 128, maxVcpus: 5 }, 'NO_SUITABLE_HOST'],
    ];
    for (const [more, code] of refused) expect([more, codes(await resize(id, more))]).toEqual([more, [code]]);
    expect(await whole()).toEqual(before);
    expect(await database().operation.count({ where: { resourceId: id, kind: 'RESIZE_VM' } })).toBe(0);
  });

  it('never promises more memory than the host has, nor again what a guest has not given back', async () => {
    const [first, second] = [await bench.running(), await bench.running()];
    const { _sum } = await database().vm.aggregate({
      where: { state: { not: 'DELETED' } },
      _sum: { memoryMib: true, reservedMib: true },
    });
    const free = 8_192 - 512 - (_sum.memoryMib ?? 0) - (_sum.reservedMib ?? 0);
    const wanted = 128 + free - 100;
    const answers = await Promise.all([first, second].map((id) => resize(id, { vcpus: 1, memoryMib: wanted })));
    const outcomes = answers.map((answer) => codes(answer)?.[0] ?? 'accepted');
    expect(outcomes.toSorted()).toEqual(['NO_SUITABLE_HOST', 'accepted']);
    const [large, small] = outcomes[0] === 'accepted' ? [first, second] : [second, first];
    await ends(large);
    await off(large);
    await on(large);
    // It runs with all of it, whatever it is asked to be.
    guest(large).sizes.isDeaf = true;
    await resized(large, { vcpus: 1, memoryMib: 128 });
    expect(codes(await resize(small, { vcpus: 1, memoryMib: wanted }))).toEqual(['NO_SUITABLE_HOST']);
    expect(codes(await bench.create(bench.input({ memoryMib: wanted })))).toEqual(['NO_SUITABLE_HOST']);
    await off(large);
    await resized(small, { vcpus: 1, memoryMib: wanted });
    expect(await resized(small, { vcpus: 1, memoryMib: 128 })).toMatchObject({ memoryMib: 128 });
  });

  it('is not for another department, nor for what is deleted or going', async () => {
    const id = await bench.running();
    const stranger = memberOf(randomUUID());
    expect(codes(await bench.say('resizeVm', { vmId: id }, stranger))).toEqual(['VM_NOT_FOUND']);
    expect(codes(await bench.say('restoreVmRevision', { vmId: id }, stranger))).toEqual(['VM_NOT_FOUND']);
    expect(codes(await bench.vms.ask(stranger, COMPARE, { id, from: 1, to: 1 }))).toEqual(['VM_NOT_FOUND']);
    const free = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name, vmId) => (name === 'undefine-vm' && vmId === id ? free.promise : undefined);
    await bench.act('deleteVm', id);
    expect(codes(await resize(id, { vcpus: 2 }))).toEqual(['VM_BUSY']);
    free.resolve(undefined);
    await bench.isGone(id);
    expect(codes(await resize(id, { vcpus: 2 }))).toEqual(['VM_NOT_FOUND']);
  });

  it('waits for a host that is away, and leaves the VM as it is when it can not', async () => {
    const id = await bench.running();
    let away = 3;
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'inspect-sizes' && vmId === id && (away -= 1) >= 0) throw new DomainError('HOST_UNAVAILABLE');
    };
    expect(await resized(id, { vcpus: 2, memoryMib: 128 })).toMatchObject({ revision: 2 });
    for (const [name, code] of [
      ['resize-definition', 'UNSUPPORTED_BY_DRIVER'],
      ['inspect-sizes', 'VM_UNRESPONSIVE'],
    ] as const) {
      bench.neighbours.disturb = (asked, vmId) => {
        if (asked === name && vmId === id) throw new DomainError(code);
      };
      await resize(id, { vcpus: name === 'inspect-sizes' ? 3 : 4, memoryMib: 128 });
      const vm = await ends(id, 'FAILED');
      expect([vm.state, vm.error, vm.operations[0]?.errorCode]).toEqual(['RUNNING', null, code]);
      bench.neighbours.disturb = () => undefined;
    }
    // Declared it is all the same: the next start makes it so.
    await off(id);
    await on(id);
    expect(definition(id)).toEqual(domain(3, 128));
  }, 180_000);

  it('gives way to a shutdown, and is brought about by the next start', async () => {
    const id = await bench.running();
    const [arrived, free] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    bench.neighbours.disturb = async (name, vmId) => {
      if (name !== 'resize-definition' || vmId !== id) return;
      arrived.resolve(undefined);
      await free.promise;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await resize(id, { vcpus: 2, memoryMib: 256 });
    await arrived.promise;
    await bench.act('forceOffVm', id);
    free.resolve(undefined);
    bench.neighbours.disturb = () => undefined;
    await bench.reaches(id, 'STOPPED');
    await on(id);
    expect(guest(id).sizes.live).toEqual(domain(2, 256));
    expect(await view(id)).toMatchObject({ revision: 2, pendingRestart: [], drift: [] });
  });

  it('gives way to a suspension, and comes after it', async () => {
    const id = await bench.running();
    const [arrived, free] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    bench.neighbours.disturb = async (name, vmId) => {
      if (name !== 'inspect-sizes' || vmId !== id) return;
      arrived.resolve(undefined);
      await free.promise;
    };
    await resize(id, { vcpus: 2, memoryMib: 256 });
    await arrived.promise;
    await bench.act('suspendVm', id);
    free.resolve(undefined);
    bench.neighbours.disturb = () => undefined;
    await ends(id, 'SUCCEEDED', 'SUSPEND_VM');
    await bench.until(id, 'the spec to come about', () => definition(id)?.vcpus === 2);
    expect([guest(id).power, (await bench.view(id))?.state]).toEqual(['paused', 'PAUSED']);
  });

  it('resumes nobody that stands still because a person wanted it to', async () => {
    const id = await bench.running();
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'inspect-sizes' || vmId !== id) return;
      Object.assign(guest(id), { power: 'paused', reason: 'user' });
    };
    await resize(id, { vcpus: 2, memoryMib: 256 });
    await ends(id);
    expect([guest(id).power, (await bench.view(id))?.state]).toEqual(['paused', 'PAUSED']);
    expect(definition(id)).toEqual(domain(2, 256));
  });
});
