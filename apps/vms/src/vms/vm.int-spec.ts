import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import {
  VmsUnderTest,
  admin,
  createTestDatabase,
  memberOf,
  testNats,
  type TestDatabase,
} from '../testing/vms-under-test.js';

const CREATE = `mutation ($input: CreateVmInput!) { createVm(input: $input) { vm { id state } operation { id status } } }`;
const ACT = (name: string) =>
  `mutation ($input: VmActionInput!) { ${name}(input: $input) { vm { id state } operation { id status } } }`;
const VM = `query ($id: ID!) { vm(id: $id) { id name state error { code } operations { kind status errorCode progressPercent steps { name status } } } }`;

interface VmView {
  id: string;
  name: string;
  state: string;
  error: { code: string } | null;
  operations: {
    kind: string;
    status: string;
    errorCode: string | null;
    progressPercent: number;
    steps: { name: string; status: string }[];
  }[];
}

describe('virtual machines', () => {
  let database: TestDatabase;
  let neighbours: Neighbours;
  let vms: VmsUnderTest;
  const department = randomUUID();
  const other = randomUUID();
  const actor = memberOf(department);

  beforeAll(async () => {
    database = await createTestDatabase('vms');
    neighbours = await Neighbours.start(testNats());
    neighbours.departments.add(department).add(other);
    vms = await VmsUnderTest.start(database);
    await pollUntil(async () => {
      neighbours.heartbeat();
      return (await vms.get(PrismaClient).image.count()) > 0;
    });
  });
  afterAll(async () => {
    await vms.stop();
    await neighbours.stop();
    await database.drop();
  });
  beforeEach(() => {
    neighbours.disturb = () => undefined;
    // A host is offline 15 s after its last heartbeat, and those before may have taken longer.
    neighbours.heartbeat();
    neighbours.calls.length = 0;
  });

  const input = (overrides: Record<string, unknown> = {}) => ({
    idempotencyKey: randomUUID(),
    departmentId: department,
    name: `vm-${randomUUID().slice(0, 8)}`,
    imageId: neighbours.imageId,
    ...overrides,
  });
  const create = async (overrides: Record<string, unknown> = {}, by = actor) =>
    vms.ask(by, CREATE, { input: input(overrides) });
  const created = async (overrides: Record<string, unknown> = {}): Promise<string> => {
    const answer = await create(overrides);
    expect(answer.errors).toBeUndefined();
    return (answer.data?.['createVm'] as { vm: { id: string } }).vm.id;
  };
  const codeOf = async (answer: ReturnType<VmsUnderTest['ask']>): Promise<string | undefined> =>
    (await answer).errors?.[0]?.extensions.code;
  const view = async (id: string): Promise<VmView> => (await vms.ask(actor, VM, { id })).data?.['vm'] as VmView;
  const reaches = (id: string, state: string): Promise<VmView> =>
    pollUntil(
      async () => {
        const vm = await view(id);
        return vm?.state === state ? vm : null;
      },
      { what: `VM ${state}`, timeoutMs: 30_000 },
    );
  const act = (name: string, vmId: string, by = actor) =>
    vms.ask(by, ACT(name), { input: { idempotencyKey: randomUUID(), vmId } });

  it('are built step by step, and the operation tells so', async () => {
    const vm = await reaches(await created(), 'RUNNING');
    expect(neighbours.vm(vm.id)).toMatchObject({ power: 'running', disk: true, port: true, filter: true });
    expect(vm.operations).toEqual([
      {
        kind: 'CREATE_VM',
        status: 'SUCCEEDED',
        errorCode: null,
        progressPercent: 100,
        steps: ['attach-network', 'ensure-disk', 'protect', 'define', 'start'].map((name) => ({
          name,
          status: 'SUCCEEDED',
        })),
      },
    ]);
  });

  it('are made once for one key, however often and however parallel it is sent; the key with other input is a conflict', async () => {
    const one = input();
    const answers = await Promise.all(Array.from({ length: 12 }, () => vms.ask(actor, CREATE, { input: one })));
    const ids = new Set(
      answers.map((answer) => (answer.data?.['createVm'] as { vm: { id: string } } | undefined)?.vm.id),
    );
    expect(ids.size).toBe(1);
    expect(await codeOf(vms.ask(actor, CREATE, { input: { ...one, name: 'other' } }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('refuse bad input with a code of its own, and nothing is left behind', async () => {
    const before = await vms.get(PrismaClient).vm.count();
    const name = input().name;
    await created({ name });
    expect(await codeOf(create({ name }))).toBe('NAME_TAKEN');
    expect(await codeOf(create({ imageId: randomUUID() }))).toBe('IMAGE_NOT_FOUND');
    expect(await codeOf(create({ imageId: 'nonsense' }))).toBe('IMAGE_NOT_FOUND');
    expect(await codeOf(create({ imageId: null }))).toBe('INVALID_INPUT');
    expect(await codeOf(create({ memoryMib: 1_000_000 }))).toBe('MEMORY_EXCEEDS_HOST');
    expect(await codeOf(create({ memoryMib: 64 }))).toBe('INVALID_INPUT');
    expect(await codeOf(create({ name: 'Bad Name\n' }))).toBe('INVALID_INPUT');
    expect(await codeOf(create({ idempotencyKey: 'short' }))).toBe('INVALID_INPUT');
    expect(await codeOf(create({ departmentId: randomUUID() }, admin()))).toBe('DEPARTMENT_NOT_FOUND');
    expect(await vms.get(PrismaClient).vm.count()).toBe(before + 1);
  });

  it('refuse a history from what is no time', async () => {
    const history = `query ($id: ID!, $from: DateTime, $to: DateTime) { vm(id: $id) { metricsHistory(from: $from, to: $to) { sampledAt } } }`;
    const id = await created();
    expect(await codeOf(vms.ask(actor, history, { id, from: 'yesterday' }))).toBe('INVALID_INPUT');
    expect(await codeOf(vms.ask(actor, history, { id, to: '2026-13-01' }))).toBe('INVALID_INPUT');
  });

  it('of another department are not found by any way', async () => {
    const id = await created();
    const stranger = memberOf(other);
    expect(await codeOf(vms.ask(stranger, VM, { id }))).toBe('VM_NOT_FOUND');
    expect(await codeOf(vms.ask(stranger, VM, { id: randomUUID() }))).toBe('VM_NOT_FOUND');
    for (const name of ['startVm', 'shutdownVm', 'forceOffVm', 'deleteVm'])
      expect(await codeOf(act(name, id, stranger))).toBe('VM_NOT_FOUND');
    expect(await codeOf(create({}, stranger))).toBe('DEPARTMENT_NOT_FOUND');
    const list = await vms.ask(stranger, `query ($d: ID) { vms(departmentId: $d) { totalCount } }`, { d: department });
    expect(list.data?.['vms']).toEqual({ totalCount: 0 });
    const entity = await vms.ask(
      stranger,
      `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vm { name } } }`,
      {
        r: [{ __typename: 'Vm', id }],
      },
    );
    expect(entity.data?.['_entities']).toEqual([null]);
  });

  it('are shown to nobody who does not come from the gateway, and to no anonymous caller', async () => {
    expect(await codeOf(vms.ask('stranger', `{ _service { sdl } }`))).toBe('UNAUTHENTICATED');
    expect(await codeOf(vms.ask(null, `{ vms { totalCount } }`))).toBe('UNAUTHENTICATED');
  });

  it('go through shutdown, start, force-off and deletion, and leave nothing on the host', async () => {
    const id = await created();
    await reaches(id, 'RUNNING');
    await act('shutdownVm', id);
    await pollUntil(() => neighbours.vm(id).power === 'shutting-down');
    neighbours.powerChange(id, 'off', 'shutdown');
    await reaches(id, 'STOPPED');
    expect(await codeOf(act('shutdownVm', id))).toBeUndefined();
    await reaches(id, 'STOPPED');
    await act('startVm', id);
    await reaches(id, 'RUNNING');
    await act('forceOffVm', id);
    await reaches(id, 'STOPPED');
    await act('deleteVm', id);
    await pollUntil(async () => (await codeOf(vms.ask(actor, VM, { id }))) === 'VM_NOT_FOUND');
    await pollUntil(() => !neighbours.leftovers().includes(id));
  });

  it('stay off when the guest powered itself off, and come back when they crashed', async () => {
    const id = await created();
    await reaches(id, 'RUNNING');
    neighbours.powerChange(id, 'off', 'shutdown');
    await reaches(id, 'STOPPED');
    await act('startVm', id);
    await reaches(id, 'RUNNING');
    neighbours.calls.length = 0;
    neighbours.powerChange(id, 'off', 'crashed');
    await pollUntil(() => neighbours.calls.includes('start-vm'));
    await reaches(id, 'RUNNING');
  });

  it('are brought back by the heartbeat alone when no event told of the loss', async () => {
    const id = await created();
    await reaches(id, 'RUNNING');
    Object.assign(neighbours.vm(id), { power: null, reason: '' });
    neighbours.heartbeat();
    await pollUntil(() => neighbours.vm(id).power === 'running');
    await reaches(id, 'RUNNING');
  });

  it('are retried while a neighbour is away and end in ERROR when trying again cannot help', async () => {
    let failures = 3;
    neighbours.disturb = (name) => {
      if (name === 'ensure-disk' && failures-- > 0) throw new DomainError('HYPERVISOR_ERROR');
    };
    await reaches(await created(), 'RUNNING');
    neighbours.disturb = (name) => {
      if (name === 'ensure-disk') throw new DomainError('IMAGE_NOT_FOUND');
    };
    const broken = await reaches(await created(), 'ERROR');
    expect(broken.error).toEqual({ code: 'IMAGE_NOT_FOUND' });
    expect(broken.operations[0]).toMatchObject({ status: 'FAILED', errorCode: 'IMAGE_NOT_FOUND' });
    neighbours.disturb = () => undefined;
    await act('deleteVm', broken.id);
    await pollUntil(() => !neighbours.leftovers().includes(broken.id));
  });

  it('are deleted in the middle of their building, with nothing left', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => created()));
    await Promise.all(ids.map((id) => act('deleteVm', id)));
    await pollUntil(
      async () =>
        (await vms.get(PrismaClient).vm.count({ where: { id: { in: ids }, state: 'DELETED' } })) === ids.length,
      { timeoutMs: 20_000 },
    );
    expect(neighbours.leftovers().filter((id) => ids.includes(id))).toEqual([]);
  });

  it('are taken over by another instance when a worker hangs, and the late worker is refused', async () => {
    const second = await VmsUnderTest.start(database);
    let release: () => void = () => undefined;
    let hung = '';
    neighbours.disturb = async (name, vmId) => {
      if (name !== 'ensure-disk' || hung !== '') return;
      hung = vmId;
      await new Promise<void>((resolve) => (release = resolve));
    };
    const id = await created();
    await pollUntil(() => hung === id);
    // The first worker's lease ends as if its process had been stopped.
    await vms.get(PrismaClient).vm.update({ where: { id }, data: { leaseUntil: new Date(0), leaseOwner: 'stopped' } });
    await reaches(id, 'RUNNING');
    const fence = neighbours.vm(id).fence;
    expect(fence).toBeGreaterThan(1);
    release();
    await pollUntil(async () => (await view(id)).operations[0]?.status === 'SUCCEEDED');
    expect(neighbours.vm(id).fence).toBe(fence);
    await second.stop();
  });
});
