import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testNats } from '@infinibay/testing';
import { parse } from 'yaml';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const SHOWN = `cloudInit {
  instanceId hostname userName sshAuthorizedKeys hasPassword packages hasUserData userData changedAt
}`;
const SET = `mutation ($input: SetVmCloudInitInput!) { setVmCloudInit(input: $input) { id ${SHOWN} } }`;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILVQM0TbbmaSbHIzehDK8pZ9STWhJaW5BZYY+fzkRTTi alice@laptop';
const HASH = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0';
const ALICE = { userName: 'alice', sshAuthorizedKeys: [KEY], passwordHash: HASH, packages: ['nginx'] };

interface Shown {
  readonly instanceId: string;
  readonly userName: string | null;
  readonly userData: string | null;
  readonly hasPassword: boolean;
}

describe('what cloud-init finds in a VM', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const ask = (input: Record<string, unknown>, actor = bench.actor) =>
    bench.vms.ask(actor, SET, { input: { idempotencyKey: randomUUID(), ...input } });
  const codesOf = async (input: Record<string, unknown>, actor = bench.actor): Promise<string[]> =>
    ((await ask(input, actor)).errors ?? []).map(({ extensions }) => extensions.code);
  const set = async (vmId: string, cloudInit: object | null): Promise<Shown | null> => {
    const { data, errors } = await ask({ vmId, cloudInit });
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return (data?.['setVmCloudInit'] as { cloudInit: Shown | null }).cloudInit;
  };
  const shown = async (vmId: string, actor = bench.actor): Promise<Shown | null> => {
    const { data } = await bench.vms.ask(actor, `query ($id: ID!) { vm(id: $id) { ${SHOWN} } }`, { id: vmId });
    return (data?.['vm'] as { cloudInit: Shown | null }).cloudInit;
  };
  const restarted = async (vmId: string): Promise<void> => {
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
  };
  const rows = (vmId: string) => bench.vms.get(PrismaClient).vmCloudInit.count({ where: { vmId } });

  it('is what was said when it was made, without its secrets, and is given to its host before the start', async () => {
    const vmId = await bench.running({ name: 'shop', cloudInit: ALICE });
    const told = await shown(vmId);
    expect(told).toEqual({
      instanceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      hostname: null,
      userName: 'alice',
      sshAuthorizedKeys: [KEY],
      hasPassword: true,
      packages: ['nginx'],
      hasUserData: false,
      userData: null,
      changedAt: expect.any(String),
    });
    const seed = bench.neighbours.seeds.of(vmId);
    expect(seed?.instanceId).toBe(told?.instanceId);
    expect(parse(seed?.metaData ?? '')).toEqual({ 'instance-id': told?.instanceId, 'local-hostname': 'shop' });
    expect(parse(seed?.userData ?? '')).toMatchObject({
      users: [{ name: 'alice', hashed_passwd: HASH, ssh_authorized_keys: [KEY] }],
      packages: ['nginx'],
    });
    expect(parse(seed?.networkConfig ?? '')).toMatchObject({
      ethernets: { eth0: { match: { macaddress: '52:54:00:00:00:01' }, 'set-name': 'eth0', dhcp4: true } },
    });
    const { calls } = bench.neighbours;
    expect(calls.lastIndexOf('ensure-seed')).toBeGreaterThan(calls.lastIndexOf('define-vm'));
    expect(calls.lastIndexOf('ensure-seed')).toBeLessThan(calls.lastIndexOf('start-vm'));
  });

  it('is nothing when nothing was said, and the host is not asked', async () => {
    bench.neighbours.calls.length = 0;
    const vmId = await bench.running();
    expect(await shown(vmId)).toBeNull();
    expect(bench.neighbours.calls).not.toContain('ensure-seed');
  });

  it('is shown to the guest from its next start on, and cloud-init runs anew for a change alone', async () => {
    const vmId = await bench.running({ cloudInit: ALICE });
    const first = await shown(vmId);
    const userData = '#cloud-config\nruncmd: [reboot]\n';
    const second = await set(vmId, { ...ALICE, userData });
    expect(second).toMatchObject({ hasUserData: true, userData });
    expect(second?.instanceId).not.toBe(first?.instanceId);
    expect(bench.neighbours.seeds.of(vmId)?.instanceId).toBe(first?.instanceId);
    await restarted(vmId);
    expect(bench.neighbours.seeds.of(vmId)?.instanceId).toBe(second?.instanceId);
    expect(bench.neighbours.seeds.of(vmId)?.userData).toContain('multipart/mixed');

    expect(await set(vmId, { ...ALICE, userData })).toEqual(second);
    await bench.vms.ask(bench.actor, `mutation ($input: RenameVmInput!) { renameVm(input: $input) { id } }`, {
      input: { idempotencyKey: randomUUID(), vmId, name: 'renamed-guest' },
    });
    await restarted(vmId);
    const seed = bench.neighbours.seeds.of(vmId);
    expect(seed?.instanceId).toBe(second?.instanceId);
    expect(parse(seed?.metaData ?? '')).toMatchObject({ 'local-hostname': 'renamed-guest' });

    expect(await set(vmId, null)).toBeNull();
    await restarted(vmId);
    expect(bench.neighbours.seeds.of(vmId)).toBeNull();
    // What was taken away and is said again is another instance: the guest may have changed meanwhile.
    expect((await set(vmId, { ...ALICE, userData }))?.instanceId).not.toBe(second?.instanceId);
  });

  it('is told of as a change without what it is, once, and is no operation', async () => {
    const vmId = await bench.running();
    const before = (await bench.view(vmId))?.operations.length;
    const told = await bench.told(vmId);
    await set(vmId, ALICE);
    await set(vmId, ALICE);
    const after = await bench.told(vmId);
    expect(after.slice(told.length)).toEqual(['updated']);
    expect((await bench.view(vmId))?.operations.length).toBe(before);
    const events = await bench.vms.get(PrismaClient).outboxEvent.findMany({ select: { payload: true } });
    const text = JSON.stringify(events);
    expect(text).toContain('"cloud-init"');
    for (const secret of [HASH, KEY]) expect(text).not.toContain(secret);
  });

  it('goes when the VM is deleted', async () => {
    const vmId = await bench.running({ cloudInit: ALICE });
    expect(await rows(vmId)).toBe(1);
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(await rows(vmId)).toBe(0);
    expect(bench.neighbours.seeds.of(vmId)).toBeNull();
    expect(await codesOf({ vmId, cloudInit: ALICE })).toEqual(['VM_NOT_FOUND']);
  });

  it('is changed by whoever may operate the VM, and by nobody of another department', async () => {
    const vmId = await bench.created({ cloudInit: { ...ALICE, userData: '#!secret' } });
    const stranger = memberOf(randomUUID());
    expect(await codesOf({ vmId, cloudInit: null }, stranger)).toEqual(['VM_NOT_FOUND']);
    expect(await codesOf({ vmId: randomUUID(), cloudInit: null }, stranger)).toEqual(['VM_NOT_FOUND']);
    expect(await codesOf({ vmId: 'no id', cloudInit: null })).toEqual(['VM_NOT_FOUND']);
    expect(await shown(vmId, admin())).toMatchObject({ userName: 'alice', userData: '#!secret' });
    expect(await codesOf({ vmId, cloudInit: { userName: 'bob' } }, admin())).toEqual([]);
    expect((await shown(vmId))?.userName).toBe('bob');
  });

  it('is one change for one key', async () => {
    const vmId = await bench.created();
    const input = { idempotencyKey: randomUUID(), vmId, cloudInit: ALICE };
    const [first, second] = await Promise.all([ask(input), ask(input)]);
    expect(second).toEqual(first);
    await set(vmId, { userName: 'bob' });
    expect((await ask(input)).errors).toBeUndefined();
    expect((await shown(vmId))?.userName).toBe('bob');
    expect(await codesOf({ ...input, cloudInit: { userName: 'eve' } })).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('is part of what a key of createVm stands for, and not of one that did not say it', async () => {
    const input = bench.input({ cloudInit: ALICE });
    expect((await bench.create(input)).errors).toBeUndefined();
    const codes = async (again: Record<string, unknown>) =>
      (await bench.create(again)).errors?.map(({ extensions }) => extensions.code);
    expect(await codes(input)).toBeUndefined();
    expect(await codes({ ...input, cloudInit: null })).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    const plain = bench.input();
    expect((await bench.create(plain)).errors).toBeUndefined();
    expect(await codes({ ...plain, cloudInit: null })).toBeUndefined();
  });

  it.each([
    ['a password', { userName: 'alice', passwordHash: 'correct horse' }, 'cloudInit.passwordHash'],
    ['a password of nobody', { passwordHash: HASH }, 'cloudInit.passwordHash'],
    ['a private key', { sshAuthorizedKeys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] }, 'cloudInit.sshAuthorizedKeys.0'],
    ['an option in place of a package', { packages: ['--force'] }, 'cloudInit.packages.0'],
    ['a user of the guest itself', { userName: 'root' }, 'cloudInit.userName'],
    ['a host name that is none', { hostname: 'a b' }, 'cloudInit.hostname'],
    ['a text that cloud-init does not know', { userData: 'echo hi' }, 'cloudInit.userData'],
    ['more text than is taken', { userData: `#!${'x'.repeat(65_535)}` }, 'cloudInit.userData'],
    [
      'more keys than are taken',
      { sshAuthorizedKeys: Array.from({ length: 33 }, (_, i) => `${KEY}${i}`) },
      'cloudInit.sshAuthorizedKeys',
    ],
  ])('is refused with what is wrong, and not repeated: %s', async (_what, cloudInit, path) => {
    const vmId = await bench.created();
    for (const answer of [await ask({ vmId, cloudInit }), await bench.create(bench.input({ cloudInit }))]) {
      const [error] = answer.errors ?? [];
      expect(error?.extensions.code).toBe('INVALID_INPUT');
      expect((error?.extensions.details['issues'] as { path: string }[]).map((issue) => issue.path)).toEqual([path]);
      expect(JSON.stringify(answer)).not.toContain('correct horse');
    }
    expect(await rows(vmId)).toBe(0);
  });

  it('must be said, so that nothing is taken away by forgetting it', async () => {
    expect(await codesOf({ vmId: await bench.created() })).toEqual(['INVALID_INPUT']);
  });

  it('may wait for a storage that is away, and comes to its guest then', async () => {
    bench.neighbours.seeds.refusal = 'STORAGE_UNAVAILABLE';
    const vmId = await bench.created({ cloudInit: ALICE });
    const { error } = await bench.reaches(vmId, 'ERROR');
    expect(error?.code).toBe('STORAGE_UNAVAILABLE');
    bench.neighbours.seeds.refusal = null;
    await bench.reaches(vmId, 'RUNNING');
    expect(bench.neighbours.seeds.of(vmId)).not.toBeNull();
  });

  it('keeps a VM from its start on a host whose agent is too old for it, and no other VM', async () => {
    const vmId = await bench.running({ cloudInit: ALICE });
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    const { hostId, imageId, vms } = bench.neighbours;
    await bench.neighbours.stop();
    bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId }, false);
    bench.neighbours.departments.add(bench.departmentId);
    for (const [id, vm] of vms) bench.neighbours.vms.set(id, vm);
    await bench.act('startVm', vmId);
    const failed = await bench.reaches(vmId, 'ERROR');
    expect(failed.error?.code).toBe('UNSUPPORTED_BY_DRIVER');
    expect(failed.error?.message).toContain('older than cloud-init');
    expect(failed.operations[0]).toMatchObject({ kind: 'START_VM', status: 'FAILED' });
    await bench.running();
    await set(vmId, null);
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
  });
});
