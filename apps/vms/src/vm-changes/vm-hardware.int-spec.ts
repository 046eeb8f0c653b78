import { randomUUID } from 'node:crypto';
import { pollUntil, testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { askOfImage } from '../testing/image-requests.js';
import { Neighbours } from '../testing/neighbours.js';
import { HARDWARE } from '../testing/simulated-host.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

const HARDWARE_FIELDS = '{ firmware machine cpuModel tpm bootOrder }';
const VM = `query ($id: ID!) { vm(id: $id) { state revision spec { hardware ${HARDWARE_FIELDS} }
  pendingRestart { path reason declared actual declaredValue actualValue }
  revisions(first: 1) { nodes { operation changes { path from to } } } } }`;
const TEMPLATE = `mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) { id version { hardware ${HARDWARE_FIELDS} } } }`;
const EXPLAIN = `query ($input: ExplainPlacementInput!) { explainPlacement(input: $input) {
  error { code } placement { hostsConsidered { hostId refusedBy } } } }`;

const PLAIN = { firmware: 'BIOS', machine: 'PC', cpuModel: 'DEFAULT', tpm: false, bootOrder: ['DISK'] };
const SECURE = { ...PLAIN, firmware: 'UEFI_SECURE_BOOT', machine: 'Q35', tpm: true };

interface HardwareView {
  readonly state: string;
  readonly revision: number;
  readonly spec: { readonly hardware: Record<string, unknown> };
  readonly pendingRestart: readonly Record<string, unknown>[];
  readonly revisions: { readonly nodes: readonly Record<string, unknown>[] };
}

describe('the hardware of VMs', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const view = async (id: string) => (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'] as HardwareView;
  const guest = (id: string) => bench.neighbours.vm(id);
  const ended = (id: string, kind: string, status = 'SUCCEEDED') =>
    bench.until(id, `${kind} ${status}`, ({ operations: [last] }) => last?.kind === kind && last.status === status);
  /** @param options arguments beside the input, as GraphQL writes them */
  const set = (vmId: string, hardware: Record<string, unknown>, options = '') =>
    options === ''
      ? bench.say('setVmHardware', { vmId, hardware })
      : bench.actWith('setVmHardware', vmId, options, randomUUID(), { hardware });
  const done = async (vmId: string, hardware: Record<string, unknown>, options = ''): Promise<HardwareView> => {
    expect((await set(vmId, hardware, options)).errors).toBeUndefined();
    await ended(vmId, 'SET_VM_HARDWARE');
    return view(vmId);
  };
  const refusal = async (vmId: string, hardware: Record<string, unknown>, options = '') =>
    (await set(vmId, hardware, options)).errors?.[0]?.extensions;
  const restarted = async (id: string): Promise<HardwareView> => {
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    await bench.act('startVm', id);
    await bench.reaches(id, 'RUNNING');
    return view(id);
  };
  /** Until the host is known to tell, or not to tell, of hardware. */
  const hostTells = (tells: boolean) =>
    pollUntil(
      async () => {
        bench.report();
        const where = { id: bench.neighbours.hostId };
        // What was told before may come late.
        if (!tells) await database().$executeRaw`UPDATE hosts SET hardware = NULL`;
        const row = await database().host.findUniqueOrThrow({ where, select: { hardware: true } });
        return (row.hardware !== null) === tells;
      },
      { what: `a host that ${tells ? 'tells' : 'does not tell'} of hardware`, timeoutMs: 60_000 },
    );

  it('is as it always was unless something is said, and is asked of the host in words that any agent knows', async () => {
    const id = await bench.running();
    expect(await view(id)).toMatchObject({ revision: 1, spec: { hardware: PLAIN }, pendingRestart: [] });
    expect(guest(id).hardware).toBeUndefined();
  }, 120_000);

  it('is that of the template, with what is said over it', async () => {
    const { imageId } = bench.neighbours;
    const input = { imageId, vcpus: 1, memoryMib: 128, diskGib: 1, hardware: SECURE, departmentId: bench.departmentId };
    const answer = await bench.vms.ask(bench.actor, TEMPLATE, {
      input: { ...input, idempotencyKey: randomUUID(), name: `secure ${randomUUID()}` },
    });
    const template = answer.data?.['createTemplate'] as { id: string; version: { hardware: object } };
    expect(template.version.hardware).toEqual(SECURE);
    const id = await bench.running({ imageId: null, templateId: template.id, hardware: { cpuModel: 'EPYC' } });
    const made = { ...SECURE, cpuModel: 'EPYC' };
    expect((await view(id)).spec.hardware).toEqual(made);
    expect(guest(id).hardware).toEqual(made);
    const wrong = await bench.create(bench.input({ hardware: { firmware: 'UEFI_SECURE_BOOT' } }));
    expect(wrong.errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
  }, 120_000);

  it('of a running guest waits until it has been off, is a revision, and can be taken back', async () => {
    const id = await bench.running();
    const asked = { machine: 'Q35', bootOrder: ['NETWORK', 'DISK'] };
    const changes = [
      { path: 'hardware.bootOrder.0', from: '"DISK"', to: '"NETWORK"' },
      { path: 'hardware.bootOrder.1', from: null, to: '"DISK"' },
      { path: 'hardware.machine', from: '"PC"', to: '"Q35"' },
    ];
    const of = { reason: 'BOUND_AT_BOOT', declared: null, actual: null };
    expect(await done(id, asked)).toMatchObject({
      state: 'RUNNING',
      revision: 2,
      spec: { hardware: { ...PLAIN, ...asked } },
      pendingRestart: [
        { ...of, path: 'hardware.machine', declaredValue: '"Q35"', actualValue: '"PC"' },
        { ...of, path: 'hardware.bootOrder', declaredValue: '["NETWORK","DISK"]', actualValue: '["DISK"]' },
      ],
      revisions: { nodes: [{ operation: 'SET_VM_HARDWARE', changes }] },
    });
    expect(guest(id).hardware).toBeUndefined();
    expect((await done(id, asked)).revision).toBe(2);
    expect((await restarted(id)).pendingRestart).toEqual([]);
    expect(guest(id).hardware).toEqual({ ...PLAIN, ...asked });
    expect((await bench.say('restoreVmRevision', { vmId: id, revision: 1 })).errors).toBeUndefined();
    await ended(id, 'RESTORE_VM_REVISION');
    expect((await restarted(id)).spec.hardware).toEqual(PLAIN);
    expect(guest(id).hardware).toBeUndefined();
  }, 180_000);

  it('changes its firmware only when that is said, and keeps snapshots and clones away then', async () => {
    const id = await bench.running();
    const snapshotId = await bench.snapshot(id);
    const remove = async () => (await bench.say('deleteVmSnapshot', { vmId: id, snapshotId })).errors?.[0]?.extensions;
    const uefi = { firmware: 'UEFI', machine: 'Q35' };
    expect(await refusal(id, uefi)).toMatchObject({ code: 'FIRMWARE_CHANGE_UNCONFIRMED' });
    await done(id, { ...uefi, tpm: true }, 'acceptUnbootable: true');
    // What was taken under BIOS is deleted when nothing runs that has variables open.
    await restarted(id);
    expect(await remove()).toMatchObject({ code: 'VM_BUSY' });
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    for (const name of ['createVmSnapshot', 'cloneVm']) {
      const answer = await bench.say(name, { vmId: id, name: `vm-${randomUUID().slice(0, 8)}` });
      expect([name, answer.errors?.[0]?.extensions.code]).toEqual([name, 'FIRMWARE_STATE_NOT_COPIED']);
    }
    const image = await askOfImage(bench, 'createImageFromVm', { vmId: id, name: 'of UEFI' });
    expect(image.errors?.[0]?.extensions.code).toBe('FIRMWARE_STATE_NOT_COPIED');
    expect(await refusal(id, { tpm: false })).toMatchObject({ code: 'INVALID_INPUT' });
    const back = await bench.say('restoreVmRevision', { vmId: id, revision: 1 });
    expect(back.errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    expect(await remove()).toBeUndefined();
    await ended(id, 'DELETE_SNAPSHOT');
    expect(await bench.snapshots(id)).toEqual([]);
  }, 180_000);

  it('is only what its host has, which a dry run tells by its rule', async () => {
    const id = await bench.running();
    const rule = async (hardware: object) => {
      const { departmentId, neighbours } = bench;
      const vm = { departmentId, name: 'dry', imageId: neighbours.imageId, hardware };
      const { data } = await bench.vms.ask(admin(), EXPLAIN, { input: { vms: [vm] } });
      const [planned] = data?.['explainPlacement'] as {
        error: { code: string } | null;
        placement: { hostsConsidered: { hostId: string; refusedBy: string | null }[] };
      }[];
      return planned?.placement.hostsConsidered.find(({ hostId }) => hostId === neighbours.hostId)?.refusedBy;
    };
    expect(await rule({ firmware: 'UEFI' })).toBe('no-uefi');
    expect(await rule({ cpuModel: 'Skylake-Server' })).toBe('cpu-model-unknown');
    expect(await rule({ firmware: 'UEFI', machine: 'Q35' })).toBeNull();
    expect(await refusal(id, { cpuModel: 'Skylake-Server' })).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: { refusals: [{ rule: 'cpu-model-unknown', hosts: 1 }] },
    });
  }, 120_000);

  it('is refused where the agent of the host does not tell, and fails where it is too old to make it', async () => {
    const id = await bench.running();
    const { hostId, imageId, vms } = bench.neighbours;
    await bench.neighbours.stop();
    bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId }, false);
    bench.neighbours.departments.add(bench.departmentId);
    for (const [vmId, vm] of vms) bench.neighbours.vms.set(vmId, vm);
    // What was told before is still known: the agent was replaced by an older one.
    await done(id, { tpm: true });
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    await bench.act('startVm', id);
    const failed = await ended(id, 'START_VM', 'FAILED');
    expect(failed.operations[0]?.errorCode).toBe('UNSUPPORTED_BY_DRIVER');
    bench.neighbours.hardware = null;
    await hostTells(false);
    const other = await bench.running();
    expect(await refusal(other, { cpuModel: 'MAXIMUM' })).toMatchObject({ code: 'UNSUPPORTED_BY_DRIVER' });
    const made = await bench.create(bench.input({ hardware: { tpm: true } }));
    const refused = made.errors?.[0]?.extensions;
    expect([refused?.code, JSON.stringify(refused?.details)]).toEqual([
      'NO_SUITABLE_HOST',
      expect.stringContaining('hardware-unknown'),
    ]);
    bench.neighbours.hardware = HARDWARE;
    await hostTells(true);
    expect((await done(other, { cpuModel: 'MAXIMUM' })).revision).toBe(2);
  }, 240_000);
});
