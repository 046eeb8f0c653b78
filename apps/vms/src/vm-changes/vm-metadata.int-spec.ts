import { randomUUID } from 'node:crypto';
import { DomainError, type Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const FACTS = '{ id name description tags deletionProtected }';
const INPUTS = {
  renameVm: 'RenameVmInput',
  describeVm: 'DescribeVmInput',
  tagVm: 'VmTagsInput',
  untagVm: 'VmTagsInput',
  setVmDeletionProtection: 'SetVmDeletionProtectionInput',
} as const;
type Name = keyof typeof INPUTS;

interface Facts {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly deletionProtected: boolean;
}

describe('what people say of VMs', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const ask = async (
    name: Name,
    input: Record<string, unknown>,
    by: Actor = bench.actor,
  ): Promise<Facts | string | undefined> => {
    const { data, errors } = await bench.vms.ask(
      by,
      `mutation ($input: ${INPUTS[name]}!) { ${name}(input: $input) ${FACTS} }`,
      { input: { idempotencyKey: randomUUID(), ...input } },
    );
    return (data?.[name] as Facts | undefined) ?? errors?.[0]?.extensions.code;
  };
  /** As a client does that is told to come again: a full machine may keep one of many waiting for too long. */
  const insist = async (name: Name, input: Record<string, unknown>): Promise<Facts | string | undefined> => {
    const same = { idempotencyKey: randomUUID(), ...input };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await ask(name, same);
      if (answer !== 'SERVICE_UNAVAILABLE' || attempt === 10) return answer;
    }
  };
  const view = async (id: string): Promise<Facts> =>
    (await bench.vms.ask(bench.actor, `query ($id: ID!) { vm(id: $id) ${FACTS} }`, { id })).data?.['vm'] as Facts;
  const codeOf = async (answer: ReturnType<VmBench['act']>) => (await answer).errors?.[0]?.extensions.code;
  const database = () => bench.vms.get(PrismaClient);
  const eventsOf = async (vmId: string) => {
    const rows = await database().outboxEvent.findMany({ orderBy: { id: 'asc' } });
    return rows
      .map(({ payload }) => payload as { name: string; resource: { id: string }; data: Record<string, unknown> })
      .filter(({ name, resource }) => name === 'vm.updated' && resource.id === vmId)
      .map(({ data }) => data);
  };
  const auditOf = async (vmId: string) =>
    (await database().auditEntry.findMany({ where: { resourceId: vmId }, orderBy: { id: 'asc' } })).map(
      ({ verb, result }) => `${verb} ${result}`,
    );

  it('is shown at once, audited and told with what changed', async () => {
    const vmId = await bench.created();
    const name = `renamed-${randomUUID().slice(0, 8)}`;
    await ask('renameVm', { vmId, name });
    await ask('describeVm', { vmId, description: '  Front of the Cafe\u0301 ' });
    await ask('tagVm', { vmId, tags: ['Web', 'env:PROD', 'web'] });
    await ask('untagVm', { vmId, tags: ['WEB', 'unknown'] });
    const last = await ask('setVmDeletionProtection', { vmId, deletionProtected: true });
    const now = { id: vmId, name, description: 'Front of the Café', tags: ['env:prod'], deletionProtected: true };
    expect(last).toEqual(now);
    expect(await view(vmId)).toEqual(now);
    const told = await eventsOf(vmId);
    expect(told.map(({ changed }) => changed)).toEqual([
      ['name'],
      ['description'],
      ['tags'],
      ['tags'],
      ['deletion-protection'],
    ]);
    expect(told.at(-1)).toMatchObject({ vmId, name, tags: ['env:prod'], deletionProtected: true });
    expect(await auditOf(vmId)).toEqual([
      'createVm ok',
      'renameVm ok',
      'describeVm ok',
      'tagVm ok',
      'untagVm ok',
      'setVmDeletionProtection ok',
    ]);
  });

  it('is neither written nor told when it is so already', async () => {
    const vmId = await bench.created({ tags: ['a'], description: 'x' });
    const { name } = await view(vmId);
    const before = await database().vm.findUniqueOrThrow({ where: { id: vmId }, select: { updatedAt: true } });
    const told = (await eventsOf(vmId)).length;
    await ask('renameVm', { vmId, name });
    await ask('describeVm', { vmId, description: ' x ' });
    await ask('tagVm', { vmId, tags: ['A'] });
    await ask('untagVm', { vmId, tags: ['b'] });
    await ask('setVmDeletionProtection', { vmId, deletionProtected: false });
    expect(await eventsOf(vmId)).toHaveLength(told);
    expect((await auditOf(vmId)).slice(-5).every((entry) => entry.endsWith(' ok'))).toBe(true);
    expect(before.updatedAt).toBeInstanceOf(Date);
  });

  it('may come with the creation', async () => {
    const name = `made-${randomUUID().slice(0, 8)}`;
    const vmId = await bench.created({ name, description: 'For the shop', tags: ['B', 'a', 'A'] });
    expect(await view(vmId)).toMatchObject({ name, description: 'For the shop', tags: ['a', 'b'] });
    expect(await eventsOf(vmId)).toMatchObject([
      { changed: ['description', 'tags'], description: 'For the shop', tags: ['a', 'b'], name },
    ]);
    const plain = await bench.created();
    expect(await view(plain)).toMatchObject({ description: '', tags: [], deletionProtected: false });
    expect(await eventsOf(plain)).toEqual([]);
  });

  it('is the same input at a creation in whatever order, case and number the tags are said', async () => {
    const input = bench.input({ tags: ['b', 'a'], description: 'x' });
    expect((await bench.create(input)).errors).toBeUndefined();
    expect((await bench.create({ ...input, tags: ['A', 'b', 'B'], description: ' x ' })).errors).toBeUndefined();
    expect((await bench.create({ ...input, tags: ['a'] })).errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const unsaid = bench.input();
    expect((await bench.create(unsaid)).errors).toBeUndefined();
    expect((await bench.create({ ...unsaid, tags: [], description: '' })).errors).toBeUndefined();
  });

  it('refuses what cannot be, with a code, and leaves all as it was', async () => {
    const vmId = await bench.created({ tags: ['kept'], description: 'kept' });
    const before = await view(vmId);
    const many = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);
    const refused: [Name, Record<string, unknown>][] = [
      ['renameVm', { name: '' }],
      ['renameVm', { name: 'Big' }],
      ['renameVm', { name: 'a b' }],
      ['renameVm', { name: '-a' }],
      ['renameVm', { name: 'x'.repeat(64) }],
      ['renameVm', { name: 'x'.repeat(100_000) }],
      ['describeVm', { description: 'x'.repeat(1_001) }],
      ['describeVm', { description: 'x'.repeat(100_000) }],
      ['describeVm', { description: 'two\nlines' }],
      ['describeVm', { description: 'a\u202Eb' }],
      ['describeVm', { description: 'a\u200Bb' }],
      ['describeVm', { description: 'a\uD800b' }],
      ['describeVm', { description: '\u3164' }],
      ['tagVm', { tags: [] }],
      ['tagVm', { tags: [''] }],
      ['tagVm', { tags: ['a b'] }],
      ['tagVm', { tags: ['a\u200Bb'] }],
      ['tagVm', { tags: ['x'.repeat(65)] }],
      ['tagVm', { tags: ['x'.repeat(10_240)] }],
      ['tagVm', { tags: many(33) }],
      ['tagVm', { tags: many(1_000) }],
      ['untagVm', { tags: [] }],
      ['untagVm', { tags: ['x'.repeat(10_240)] }],
      ['renameVm', { name: 'fine', idempotencyKey: 'short' }],
    ];
    for (const [name, input] of refused)
      expect([name, input, await ask(name, { vmId, ...input })]).toEqual([name, input, 'INVALID_INPUT']);
    for (const tags of [['a b'], many(33)])
      expect((await bench.create(bench.input({ tags }))).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    expect(await view(vmId)).toEqual(before);
    expect(await ask('describeVm', { vmId, description: 'x'.repeat(1_000) })).toMatchObject({ id: vmId });
    expect(await ask('describeVm', { vmId, description: '' })).toMatchObject({ description: '' });
  });

  it('of VMs of another department, or of none, is not found, whatever is asked', async () => {
    const vmId = await bench.created();
    const before = await view(vmId);
    const inputs: Record<Name, Record<string, unknown>> = {
      renameVm: { name: 'stolen' },
      describeVm: { description: 'stolen' },
      tagVm: { tags: ['stolen'] },
      untagVm: { tags: ['stolen'] },
      setVmDeletionProtection: { deletionProtected: true },
    };
    for (const name of Object.keys(INPUTS) as Name[]) {
      for (const by of [memberOf(randomUUID()), memberOf()])
        expect(await ask(name, { vmId, ...inputs[name] }, by)).toBe('VM_NOT_FOUND');
      for (const unknown of [randomUUID(), 'nonsense', ''])
        expect(await ask(name, { vmId: unknown, ...inputs[name] })).toBe('VM_NOT_FOUND');
      expect(await ask(name, { vmId, ...inputs[name] }, admin())).toMatchObject({ id: vmId });
    }
    expect(await view(vmId)).toMatchObject({ name: 'stolen', deletionProtected: true });
    expect(before.name).not.toBe('stolen');
  });

  it('gives a name that is free at once for others, and none that a living VM of the department has', async () => {
    const [first, second] = await Promise.all([bench.created(), bench.created()]);
    const [one, two] = [await view(first), await view(second)];
    expect(await ask('renameVm', { vmId: first, name: two.name })).toBe('NAME_TAKEN');
    expect((await view(first)).name).toBe(one.name);
    const third = `third-${randomUUID().slice(0, 8)}`;
    await ask('renameVm', { vmId: second, name: third });
    expect(await ask('renameVm', { vmId: first, name: two.name })).toMatchObject({ name: two.name });
    expect((await bench.create(bench.input({ name: third }))).errors?.[0]?.extensions.code).toBe('NAME_TAKEN');
    expect((await bench.create(bench.input({ name: one.name }))).errors).toBeUndefined();
    const elsewhere = randomUUID();
    bench.neighbours.departments.add(elsewhere);
    const other = await bench.create(bench.input({ departmentId: elsewhere, name: third }), memberOf(elsewhere));
    expect(other.errors).toBeUndefined();
  });

  it('gives one name to one of many that want it at once', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => bench.created()));
    const name = `wanted-${randomUUID().slice(0, 8)}`;
    const answers = await Promise.all([
      ...ids.map((vmId) => insist('renameVm', { vmId, name })),
      bench.create(bench.input({ name })).then(({ errors }) => errors?.[0]?.extensions.code ?? 'created'),
    ]);
    expect(answers.filter((answer) => answer === 'NAME_TAKEN')).toHaveLength(ids.length);
    expect(await database().vm.count({ where: { activeName: name } })).toBe(1);
  });

  it('keeps all tags that many put on at once, and never more than 32', async () => {
    const vmId = await bench.created();
    const tags = Array.from({ length: 40 }, (_, index) => `tag-${index}`);
    const answers = await Promise.all(tags.map((tag) => insist('tagVm', { vmId, tags: [tag] })));
    const refused = answers.filter((answer) => typeof answer !== 'object');
    expect(refused).toEqual(Array.from({ length: 8 }, () => 'TAG_LIMIT_REACHED'));
    const { tags: kept } = await view(vmId);
    expect(kept).toHaveLength(32);
    expect(await ask('tagVm', { vmId, tags: kept.slice(0, 3) })).toMatchObject({ tags: kept });
    const left = await Promise.all(kept.map((tag) => insist('untagVm', { vmId, tags: [tag.toUpperCase()] })));
    expect(left.every((answer) => typeof answer === 'object')).toBe(true);
    expect((await view(vmId)).tags).toEqual([]);
  });

  it('acts once for a key, however often and however parallel it comes', async () => {
    const vmId = await bench.created();
    const input = { vmId, tags: ['once'], idempotencyKey: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask('tagVm', input)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await eventsOf(vmId)).toHaveLength(1);
    await ask('untagVm', { vmId, tags: ['once'] });
    expect(await ask('tagVm', { ...input, tags: ['ONCE', 'once'] })).toMatchObject({ tags: [] });
    expect(await ask('tagVm', { ...input, tags: ['other'] })).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('protects from deletion until somebody takes it back, and from nothing else', async () => {
    const vmId = await bench.running();
    await ask('setVmDeletionProtection', { vmId, deletionProtected: true });
    expect(await codeOf(bench.act('deleteVm', vmId))).toBe('DELETION_PROTECTED');
    expect((await auditOf(vmId)).at(-1)).toBe('setVmDeletionProtection ok');
    expect(await codeOf(bench.act('forceOffVm', vmId))).toBeUndefined();
    await bench.reaches(vmId, 'STOPPED');
    expect(await codeOf(bench.act('deleteVm', vmId))).toBe('DELETION_PROTECTED');
    await ask('setVmDeletionProtection', { vmId, deletionProtected: false });
    const key = randomUUID();
    expect(await codeOf(bench.act('deleteVm', vmId, key))).toBeUndefined();
    await bench.isGone(vmId);
    expect(await ask('setVmDeletionProtection', { vmId, deletionProtected: true })).toBe('VM_NOT_FOUND');
    expect(await codeOf(bench.act('deleteVm', vmId, key))).toBeUndefined();
  }, 120_000);

  it('decides between a deletion and a protection that come at once: one of them is refused', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => bench.created()));
    const outcomes = await Promise.all(
      ids.map(async (vmId) => {
        const asked = [
          ask('setVmDeletionProtection', { vmId, deletionProtected: true }),
          codeOf(bench.act('deleteVm', vmId)),
        ] as const;
        const [protection, deletion] = await Promise.all(asked);
        const { state, deletionProtected } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
        return { vmId, isProtected: typeof protection === 'object', deletion, state, deletionProtected };
      }),
    );
    for (const { isProtected, deletion, state, deletionProtected } of outcomes) {
      expect(deletionProtected).toBe(isProtected);
      expect(deletion).toBe(isProtected ? 'DELETION_PROTECTED' : undefined);
      expect(['DELETING', 'DELETED'].includes(state)).toBe(!isProtected);
    }
  });

  it('is refused while the VM is deleted', async () => {
    const vmId = await bench.created();
    bench.neighbours.disturb = (name) => {
      if (name === 'remove-disk') throw new DomainError('HYPERVISOR_ERROR');
    };
    try {
      await bench.act('deleteVm', vmId);
      await bench.reaches(vmId, 'DELETING');
      expect(await ask('renameVm', { vmId, name: 'late' })).toBe('VM_BUSY');
      expect(await ask('tagVm', { vmId, tags: ['late'] })).toBe('VM_BUSY');
      expect(await ask('setVmDeletionProtection', { vmId, deletionProtected: true })).toBe('VM_BUSY');
    } finally {
      bench.neighbours.disturb = () => undefined;
    }
    await bench.isGone(vmId);
  }, 120_000);

  it('reaches the network and the host at the next start: a guest that runs keeps its name', async () => {
    const vmId = await bench.running();
    const name = `later-${randomUUID().slice(0, 8)}`;
    bench.neighbours.calls.length = 0;
    await ask('renameVm', { vmId, name });
    // A late report may have it looked at, by which nothing is done.
    const isAtRest = async () => (await database().vm.findUniqueOrThrow({ where: { id: vmId } })).reconcileAt === null;
    await pollUntil(isAtRest, { what: 'the VM to be at rest' });
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    expect(bench.neighbours.calls).not.toContain('define-vm');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    await pollUntil(() => bench.neighbours.calls.includes('define-vm'));
    expect(bench.neighbours.vm(vmId)).toMatchObject({ name, hostname: name });
  }, 120_000);
});
