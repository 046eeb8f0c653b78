import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

const CREATE = `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { id } }`;
const DELETE = `mutation ($input: DeleteTemplateInput!) { deleteTemplate(input: $input) { id } }`;

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
});
