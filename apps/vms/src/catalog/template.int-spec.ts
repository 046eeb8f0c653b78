import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const CREATE = `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { id } }`;
const UPDATE = `mutation ($input: UpdateTemplateInput!) { updateTemplate(input: $input) { id } }`;
const DELETE = `mutation ($input: DeleteTemplateInput!) { deleteTemplate(input: $input) { id } }`;

const SHOWN = `id newestVersion vcpus memoryMib diskGib department { id } versions { totalCount nodes {
  number vcpus maxVcpus memoryMib maxMemoryMib diskGib autostart image { id } author { id } cloudInit {
    userName hasPassword packages hasUserData userData
  } limits { vcpus { min max } memoryMib { min max } diskGib { min max } }
} }`;
const VM = `query ($id: ID!) { vm(id: $id) { templateVersion template { id } diskGib spec {
  vcpus maxVcpus memoryMib maxMemoryMib autostart
} cloudInit { userName hostname packages hasPassword hasUserData } } }`;
const HASH = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0';
const NONE = { min: null, max: null };

describe('templates', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const input = (overrides: Record<string, unknown> = {}) => ({
    idempotencyKey: randomUUID(),
    name: `template ${randomUUID()}`,
    imageId: bench.neighbours.imageId,
    vcpus: 1,
    memoryMib: 128,
    diskGib: 1,
    ...overrides,
  });
  /** The id that was answered, or the code of the refusal. */
  const answer = async (
    by: ReturnType<typeof admin>,
    query: string,
    asked: Record<string, unknown>,
  ): Promise<string> => {
    const { data, errors } = await bench.vms.ask(by, query, { input: asked });
    const [made] = Object.values(data ?? {}) as ({ id: string } | null)[];
    return made?.id ?? errors?.[0]?.extensions.code ?? 'nothing';
  };
  const auditOf = async (actorId: string) =>
    (await bench.vms.get(PrismaClient).auditEntry.findMany({ where: { actorId }, orderBy: { id: 'asc' } })).map(
      ({ verb, resourceKind, resourceId, result }) => [verb, resourceKind, resourceId, result],
    );

  it('leave in the audit what became of them, and what was refused', async () => {
    const by = admin();
    const asked = input();
    const id = await answer(by, CREATE, asked);
    expect(await answer(by, CREATE, asked)).toBe(id);
    expect(await answer(by, CREATE, input({ name: asked.name.toUpperCase() }))).toBe('NAME_TAKEN');
    expect(await answer(by, CREATE, input({ imageId: randomUUID() }))).toBe('IMAGE_NOT_FOUND');
    expect(await answer(by, DELETE, { idempotencyKey: randomUUID(), templateId: id })).toBe(id);
    expect(await auditOf(by.userId)).toEqual([
      ['createTemplate', 'template', id, 'ok'],
      ['createTemplate', 'template', null, 'NAME_TAKEN'],
      ['createTemplate', 'template', null, 'IMAGE_NOT_FOUND'],
      ['deleteTemplate', 'template', id, 'ok'],
    ]);
  });

  it('are deleted once, however many ask at once with keys of their own', async () => {
    const by = admin();
    const templateId = await answer(by, CREATE, input());
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => answer(by, DELETE, { idempotencyKey: randomUUID(), templateId })),
    );
    expect(answers.filter((one) => one === templateId)).toHaveLength(1);
    expect(answers.filter((one) => one === 'TEMPLATE_NOT_FOUND')).toHaveLength(5);
  });

  const said = () => ({
    maxVcpus: 4,
    memoryMib: 256,
    autostart: true,
    cloudInit: { userName: 'ops', passwordHash: HASH, packages: ['nginx'], userData: '#!/bin/sh' },
    limits: { vcpus: { max: 4 }, memoryMib: { min: 128, max: 512 }, diskGib: { max: 2 } },
  });
  const whole = (templateId: string, overrides: Record<string, unknown> = {}) => {
    const { name: _name, ...content } = input({ templateId, ...overrides });
    return content;
  };
  const viewBy = async (by: ReturnType<typeof admin>, id: string) => {
    const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Template { ${SHOWN} } } }`;
    const { data } = await bench.vms.ask(by, query, { of: [{ __typename: 'Template', id }] });
    return (data?.['_entities'] as unknown[] | undefined)?.[0] ?? null;
  };
  const vmOf = async (id: string) => (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'];
  const refusalOf = async (overrides: Record<string, unknown>) => {
    const { errors } = await bench.create(bench.input({ imageId: null, ...overrides }));
    return errors?.[0]?.extensions;
  };

  it('of a department are made by its members, and keep each version that they had', async () => {
    const { departmentId, actor } = bench;
    const id = await answer(actor, CREATE, input({ departmentId, ...said() }));
    expect(await answer(actor, UPDATE, whole(id, { vcpus: 2, expectedVersion: 1 }))).toBe(id);
    // What it says already makes no version.
    expect(await answer(actor, UPDATE, whole(id, { vcpus: 2, autostart: false, limits: {} }))).toBe(id);
    expect(await answer(actor, UPDATE, whole(id, { vcpus: 3, expectedVersion: 1 }))).toBe('TEMPLATE_CHANGED');
    const common = { diskGib: 1, image: { id: bench.neighbours.imageId }, author: { id: actor.userId } };
    const first = { number: 1, vcpus: 1, maxVcpus: 4, memoryMib: 256, maxMemoryMib: 256, autostart: true };
    const second = { number: 2, vcpus: 2, maxVcpus: 2, memoryMib: 128, maxMemoryMib: 128, autostart: false };
    expect(await viewBy(actor, id)).toEqual({
      id,
      newestVersion: 2,
      vcpus: 2,
      memoryMib: 128,
      diskGib: 1,
      department: { id: departmentId },
      versions: {
        totalCount: 2,
        nodes: [
          { ...common, ...second, cloudInit: null, limits: { vcpus: NONE, memoryMib: NONE, diskGib: NONE } },
          {
            ...common,
            ...first,
            cloudInit: {
              userName: 'ops',
              hasPassword: true,
              packages: ['nginx'],
              hasUserData: true,
              userData: '#!/bin/sh',
            },
            limits: {
              vcpus: { min: null, max: 4 },
              memoryMib: { min: 128, max: 512 },
              diskGib: { min: null, max: 2 },
            },
          },
        ],
      },
    });
  });

  it('get one next version of several that expect the same one at once', async () => {
    const { departmentId, actor } = bench;
    const id = await answer(actor, CREATE, input({ departmentId }));
    const answers = await Promise.all(
      [2, 3, 4, 5].map((vcpus) => answer(actor, UPDATE, whole(id, { vcpus, expectedVersion: 1 }))),
    );
    expect(answers.filter((one) => one === id)).toHaveLength(1);
    expect(answers.filter((one) => one === 'TEMPLATE_CHANGED')).toHaveLength(3);
    expect(await viewBy(actor, id)).toMatchObject({ newestVersion: 2, versions: { totalCount: 2 } });
  });

  it('are no more in a department than one answer holds, also when two come at once', async () => {
    const departmentId = randomUUID();
    const { template } = bench.vms.get(PrismaClient);
    const common = { departmentId, imageId: bench.neighbours.imageId, vcpus: 1, memoryMib: 128, diskBytes: 1n };
    const data = Array.from({ length: 99 }, (_, n) => ({ ...common, name: `t${n}`, nameKey: `t${n}` }));
    await template.createMany({ data });
    const by = memberOf(departmentId);
    const answers = await Promise.all([1, 2].map(() => answer(by, CREATE, input({ departmentId }))));
    expect(answers.filter((one) => one === 'TOO_MANY_TEMPLATES')).toHaveLength(1);
    expect(await template.count({ where: { departmentId } })).toBe(100);
  });

  it('have no more versions than one may have, and are listed without what cloud-init finds', async () => {
    const { departmentId, actor } = bench;
    const id = await answer(actor, CREATE, input({ departmentId, ...said() }));
    // Whoever reads that of it fails.
    const data = { cloudInit: { packages: 'unreadable' } };
    const { templateVersion, template } = bench.vms.get(PrismaClient);
    await templateVersion.updateMany({ where: { templateId: id }, data });
    const listing = (fields: string) => {
      const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Template { ${fields} } } }`;
      return bench.vms.ask(actor, query, { of: [{ __typename: 'Template', id }] });
    };
    const { data: listed } = await listing('version { number } versions { nodes { vcpus } }');
    expect(listed?.['_entities']).toEqual([{ version: { number: 1 }, versions: { nodes: [{ vcpus: 1 }] } }]);
    expect((await listing('version { cloudInit { packages } }')).errors).toHaveLength(1);
    await template.update({ where: { id }, data: { version: 499 } });
    expect(await answer(actor, UPDATE, whole(id, { vcpus: 2 }))).toBe(id);
    expect(await answer(actor, UPDATE, whole(id, { vcpus: 2 }))).toBe(id);
    expect(await answer(actor, UPDATE, whole(id, { vcpus: 3 }))).toBe('TOO_MANY_TEMPLATE_VERSIONS');
  });

  it('refuse defaults outside their own limits, and limits that are none', async () => {
    const codes = await Promise.all(
      [
        { limits: { vcpus: { min: 2 } } },
        { limits: { memoryMib: { max: 200 } }, maxMemoryMib: 256 },
        { limits: { diskGib: { min: 2, max: 1 } } },
        { limits: { vcpus: { min: 0.5 } } },
        { maxVcpus: 1, vcpus: 2 },
      ].map((overrides) => answer(admin(), CREATE, input(overrides))),
    );
    expect(new Set(codes)).toEqual(new Set(['INVALID_INPUT']));
  });

  it('are another department’s to nobody, and a shared one is for administrators to change', async () => {
    const { departmentId, actor } = bench;
    const stranger = memberOf(randomUUID());
    const name = `template ${randomUUID()}`;
    const own = await answer(actor, CREATE, input({ departmentId, name }));
    // A name is unique where it is read.
    const { cloudInit } = said();
    const shared = await answer(admin(), CREATE, input({ name, cloudInit }));
    expect(await answer(actor, CREATE, input({ departmentId, name }))).toBe('NAME_TAKEN');
    expect(await answer(admin(), CREATE, input({ departmentId: randomUUID() }))).toBe('DEPARTMENT_NOT_FOUND');
    expect(await viewBy(stranger, own)).toBeNull();
    // What may hold secrets is shown to whoever may change it.
    const shown = { userName: 'ops', hasPassword: true, hasUserData: true };
    const seenBy = (userData: string | null) => ({
      id: shared,
      department: null,
      versions: { nodes: [{ cloudInit: { ...shown, userData } }] },
    });
    expect(await viewBy(stranger, shared)).toMatchObject(seenBy(null));
    expect(await viewBy(admin(), shared)).toMatchObject(seenBy('#!/bin/sh'));
    const listed = async (by: typeof actor) => {
      const { data } = await bench.vms.ask(by, 'query ($of: ID) { templates(departmentId: $of) { id } }', {
        of: departmentId,
      });
      const ids = (data?.['templates'] as { id: string }[]).map(({ id }) => id);
      return [own, shared].filter((id) => ids.includes(id));
    };
    expect([await listed(actor), await listed(stranger)]).toEqual([[own, shared], [shared]]);
    for (const [templateId, code] of [
      [own, 'TEMPLATE_NOT_FOUND'],
      [shared, 'FORBIDDEN'],
    ] as const) {
      expect(await answer(stranger, UPDATE, whole(templateId, { vcpus: 2 }))).toBe(code);
      expect(await answer(stranger, DELETE, { idempotencyKey: randomUUID(), templateId })).toBe(code);
    }
    const elsewhere = randomUUID();
    bench.neighbours.departments.add(elsewhere);
    const vm = bench.input({ imageId: null, templateId: own, departmentId: elsewhere });
    expect((await bench.create(vm, admin())).errors?.[0]?.extensions.code).toBe('TEMPLATE_NOT_FOUND');
  });

  it('give a VM what is not said of it, by version, and the VM outlives them', async () => {
    const { departmentId, actor } = bench;
    const id = await answer(actor, CREATE, input({ departmentId, ...said() }));
    await answer(actor, UPDATE, whole(id, { vcpus: 2, diskGib: 2 }));
    const ofTemplate = { imageId: null, templateId: id };
    const first = await bench.created({ ...ofTemplate, templateVersion: 1, cloudInit: { hostname: 'shop' } });
    const newest = await bench.created({ ...ofTemplate, vcpus: 1, memoryMib: 512, autostart: true });
    const deaf = await bench.created({ ...ofTemplate, templateVersion: 1, autostart: false, vcpus: 3 });
    expect(await refusalOf({ ...ofTemplate, templateVersion: 3 })).toMatchObject({
      code: 'TEMPLATE_VERSION_NOT_FOUND',
      details: { version: 3, newest: 2 },
    });
    await answer(actor, DELETE, { idempotencyKey: randomUUID(), templateId: id });
    expect(await vmOf(first)).toEqual({
      templateVersion: 1,
      template: null,
      diskGib: 1,
      spec: { vcpus: 1, maxVcpus: 4, memoryMib: 256, maxMemoryMib: 256, autostart: true },
      cloudInit: {
        userName: 'ops',
        hostname: 'shop',
        packages: ['nginx'],
        hasPassword: true,
        hasUserData: true,
      },
    });
    expect(await vmOf(newest)).toEqual({
      templateVersion: 2,
      template: null,
      diskGib: 2,
      spec: { vcpus: 1, maxVcpus: 1, memoryMib: 512, maxMemoryMib: 512, autostart: true },
      cloudInit: null,
    });
    expect(await vmOf(deaf)).toMatchObject({ spec: { vcpus: 3, maxVcpus: 4, autostart: false } });
    expect(await refusalOf(ofTemplate)).toMatchObject({ code: 'TEMPLATE_NOT_FOUND' });
    await bench.reaches(first, 'RUNNING');
  });

  it('let nobody have more or less of them than they allow, and say of what', async () => {
    const { departmentId, actor } = bench;
    const templateId = await answer(actor, CREATE, input({ departmentId, ...said() }));
    const asked = { field: 'memoryMib', asked: 1_024, min: 128, max: 512 };
    expect(await refusalOf({ templateId, memoryMib: 1_024, diskGib: 4 })).toMatchObject({
      code: 'TEMPLATE_LIMIT',
      details: { ...asked, outside: [asked, { field: 'diskGib', asked: 4, min: null, max: 2 }] },
    });
    expect(await refusalOf({ templateId, maxVcpus: 8 })).toMatchObject({ details: { field: 'maxVcpus', max: 4 } });
    expect(await refusalOf({ templateId: null, imageId: bench.neighbours.imageId, templateVersion: 1 })).toMatchObject({
      code: 'INVALID_INPUT',
      details: { issues: [{ path: 'templateVersion' }] },
    });
  });
});
