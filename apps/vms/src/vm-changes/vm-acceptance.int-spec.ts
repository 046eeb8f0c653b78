import { randomUUID } from 'node:crypto';
import { testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

const CREATE_TEMPLATE = `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { id name diskGib } }`;
const DELETE_TEMPLATE = `mutation ($input: DeleteTemplateInput!) { deleteTemplate(input: $input) { id name } }`;

describe('accepting', () => {
  let bench: VmBench;
  const administrator = admin();
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const idIn = (answer: Awaited<ReturnType<VmBench['create']>>) =>
    (answer.data?.['createVm'] as { vm: { id: string } } | undefined)?.vm.id;
  const template = (overrides: Record<string, unknown> = {}) => ({
    idempotencyKey: randomUUID(),
    name: `template ${randomUUID()}`,
    imageId: bench.neighbours.imageId,
    vcpus: 1,
    memoryMib: 128,
    diskGib: 1,
    ...overrides,
  });
  const createTemplate = (input: Record<string, unknown>, by = administrator) =>
    bench.vms.ask(by, CREATE_TEMPLATE, { input });
  const deleteTemplate = (templateId: string, key: string = randomUUID(), by = administrator) =>
    bench.vms.ask(by, DELETE_TEMPLATE, { input: { idempotencyKey: key, templateId } });
  const templateIn = async (answer: ReturnType<typeof createTemplate>) =>
    (await answer).data?.['createTemplate'] as { id: string } | undefined;

  it('repeats its answer although the network, department, image or template is gone since', async () => {
    const networkId = randomUUID();
    const ofTemplate = (await templateIn(createTemplate(template())))?.id;
    const inputs = [bench.input({ networkId }), bench.input({ imageId: null, templateId: ofTemplate })];
    const first = await Promise.all(inputs.map(async (input) => idIn(await bench.create(input))));
    expect(first.every((id) => typeof id === 'string')).toBe(true);
    bench.neighbours.missingNetworks.add(networkId);
    bench.neighbours.departments.delete(bench.departmentId);
    await deleteTemplate(ofTemplate ?? '');
    try {
      expect(await Promise.all(inputs.map(async (input) => idIn(await bench.create(input))))).toEqual(first);
      const other = await bench.create({ ...inputs[0], name: 'other' });
      expect(other.errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
      const fresh = await bench.create(bench.input());
      expect(fresh.errors?.[0]?.extensions.code).toBe('DEPARTMENT_NOT_FOUND');
    } finally {
      bench.neighbours.departments.add(bench.departmentId);
    }
  }, 120_000);

  it('needs no neighbour: what users and networks cannot be asked now is asked before the building', async () => {
    const [good, bad] = [randomUUID(), randomUUID()];
    const running = await bench.running();
    const { departments, hostId, imageId } = bench.neighbours;
    await bench.neighbours.stop();
    const ids = await Promise.all([good, bad].map((networkId) => bench.created({ networkId })));
    const oldest = await bench.created();
    for (const name of ['shutdownVm', 'startVm', 'deleteVm']) {
      const answer = await bench.act(name, running);
      expect([name, answer.errors?.[0]?.extensions.code]).toEqual([name, name === 'startVm' ? 'VM_BUSY' : undefined]);
    }
    const unasked = { id: { in: [...ids, oldest] }, networkId: null };
    expect(await bench.vms.get(PrismaClient).vm.count({ where: unasked })).toBe(3);
    bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId });
    for (const id of departments) bench.neighbours.departments.add(id);
    bench.neighbours.missingNetworks.add(bad);
    await bench.reaches(ids[0] ?? '', 'RUNNING');
    await bench.reaches(oldest, 'RUNNING');
    const failed = await bench.reaches(ids[1] ?? '', 'ERROR');
    expect(failed).toMatchObject({
      error: { code: 'NETWORK_NOT_FOUND' },
      operations: [{ kind: 'CREATE_VM', status: 'FAILED', errorCode: 'NETWORK_NOT_FOUND' }],
    });
    await bench.isGone(running);
  }, 180_000);

  it('refuses a template below what its image needs, naming each field', async () => {
    const answer = await createTemplate(template({ memoryMib: 64, diskGib: 0.03125 }));
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: 'INVALID_INPUT',
      details: { issues: [{ path: 'memoryMib' }, { path: 'diskGib' }] },
    });
    expect((await createTemplate(template({ vcpus: 0 }))).errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
  });

  it('lets administrators delete a template, once for a key; VMs made from it go on', async () => {
    const input = template();
    const { id } = (await templateIn(createTemplate(input))) ?? { id: '' };
    const vmId = await bench.created({ imageId: null, templateId: id });
    const key = randomUUID();
    expect((await deleteTemplate(id, randomUUID(), bench.actor)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    for (const _ of [1, 2])
      expect((await deleteTemplate(id, key)).data).toEqual({ deleteTemplate: { id, name: input.name } });
    for (const unknown of [id, randomUUID(), 'nonsense'])
      expect((await deleteTemplate(unknown)).errors?.[0]?.extensions.code).toBe('TEMPLATE_NOT_FOUND');
    expect(await templateIn(createTemplate(input))).toMatchObject({ id, diskGib: 1 });
    await bench.reaches(vmId, 'RUNNING');
    const again = await bench.create(bench.input({ imageId: null, templateId: id }));
    expect(again.errors?.[0]?.extensions.code).toBe('TEMPLATE_NOT_FOUND');
  }, 120_000);
});
