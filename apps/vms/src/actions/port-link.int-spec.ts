import { randomUUID } from 'node:crypto';
import { pollUntil, testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { Neighbours } from '../testing/neighbours.js';
import { PORT } from '../testing/simulated-links.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';

const VM = `query ($id: ID!) { vm(id: $id) { state revision spec { links { mac linkState } } drift { path declared actual }
  revisions(first: 1) { nodes { operation changes { path from to } } } } }`;
const { mac } = PORT;
const PULLED = [{ mac, linkState: 'DOWN' }];

interface LinkView {
  readonly state: string;
  readonly revision: number;
  readonly spec: { readonly links: readonly unknown[] };
  readonly drift: readonly { readonly path: string }[];
}

describe('setVmPortLink', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const view = async (id: string) => (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'] as LinkView;
  const guest = (id: string) => bench.neighbours.vm(id);
  /** In the definition, and in what runs. */
  const onHost = (id: string): (string | undefined)[] => {
    const { definition, live } = guest(id).sizes.links.observed();
    return [definition, live].map((cards) => cards?.[0]?.linkState);
  };
  const ended = (id: string, kind: string, status = 'SUCCEEDED') =>
    bench.until(id, `${kind} ${status}`, ({ operations: [last] }) => last?.kind === kind && last.status === status);
  const set = async (vmId: string, linkState: string, more: Record<string, unknown> = {}): Promise<LinkView> => {
    expect((await bench.say('setVmPortLink', { vmId, linkState, ...more })).errors).toBeUndefined();
    await ended(vmId, 'SET_VM_PORT_LINK');
    return view(vmId);
  };
  const did = async (name: string, kind: string, id: string): Promise<LinkView> => {
    expect((await bench.act(name, id)).errors).toBeUndefined();
    await ended(id, kind);
    return view(id);
  };
  const drifts = (id: string, paths: readonly string[]) =>
    pollUntil(
      async () => {
        bench.report();
        const vm = await view(id);
        return JSON.stringify(vm.drift.map(({ path }) => path)) === JSON.stringify(paths) ? vm : null;
      },
      { what: `drift of ${JSON.stringify(paths)}`, timeoutMs: 60_000 },
    );
  /** What `virsh domif-setlink` makes of it. */
  const pull = (id: string): void => {
    guest(id).sizes.links.set('live', [mac]);
  };

  it('pulls the cable of a guest that runs and plugs it in again, each as a revision', async () => {
    const id = await bench.running();
    expect(await set(id, 'DOWN')).toMatchObject({
      state: 'RUNNING',
      revision: 2,
      spec: { links: PULLED },
      drift: [],
      revisions: {
        nodes: [{ operation: 'SET_VM_PORT_LINK', changes: [{ path: `links.${mac}`, from: null, to: '"DOWN"' }] }],
      },
    });
    expect(onHost(id)).toEqual(['DOWN', 'DOWN']);
    expect(await bench.told(id)).toContain('updated');
    expect(await set(id, 'DOWN')).toMatchObject({ revision: 2 });
    expect(await set(id, 'UP')).toMatchObject({ revision: 3, spec: { links: [] }, drift: [] });
    expect(onHost(id)).toEqual(['UP', 'UP']);
  }, 120_000);

  it('is there at the next start of one that is off, and goes back with its revision', async () => {
    const id = await bench.running();
    await did('forceOffVm', 'FORCE_OFF_VM', id);
    await set(id, 'DOWN');
    expect(onHost(id)).toEqual(['DOWN', undefined]);
    const { calls } = bench.neighbours;
    await did('startVm', 'START_VM', id);
    // It is in the definition that the start has written before anything runs.
    expect(calls.lastIndexOf('set-port-links')).toBeGreaterThan(calls.lastIndexOf('define-vm'));
    expect(calls.lastIndexOf('set-port-links')).toBeLessThan(calls.lastIndexOf('start-vm'));
    expect(onHost(id)).toEqual(['DOWN', 'DOWN']);
    await bench.say('restoreVmRevision', { vmId: id, revision: 1 });
    await ended(id, 'RESTORE_VM_REVISION');
    expect(await view(id)).toMatchObject({ revision: 3, spec: { links: [] } });
    expect(onHost(id)).toEqual(['UP', 'UP']);
  }, 120_000);

  it('does not let a guest run on that stands still', async () => {
    const id = await bench.running();
    await did('suspendVm', 'SUSPEND_VM', id);
    expect(await set(id, 'DOWN')).toMatchObject({ state: 'PAUSED', spec: { links: PULLED } });
    expect([onHost(id), guest(id).power]).toEqual([['DOWN', 'DOWN'], 'paused']);
  }, 120_000);

  it('is refused of another port, of another department, and while memory is saved', async () => {
    const id = await bench.running();
    const code = async (more: Record<string, unknown>, actor = bench.actor) =>
      (await bench.say('setVmPortLink', { vmId: id, ...more }, actor)).errors?.[0]?.extensions.code;
    expect(await code({ portId: randomUUID() })).toBe('PORT_NOT_FOUND');
    expect(await code({ portId: mac })).toBe('PORT_NOT_FOUND');
    expect(await code({}, memberOf(randomUUID()))).toBe('VM_NOT_FOUND');
    await did('saveVm', 'SAVE_VM', id);
    expect(await code({})).toBe('VM_MEMORY_SAVED');
    expect(await view(id)).toMatchObject({ revision: 1, spec: { links: [] } });
  }, 120_000);

  it('that somebody sets with virsh is drift, which is repaired, or accepted', async () => {
    const id = await bench.running();
    pull(id);
    expect(await drifts(id, [`live.links.${mac}`])).toMatchObject({ drift: [{ declared: 1, actual: 0 }] });
    // A look at the sizes alone forgets nothing of it.
    bench.report();
    expect(await did('repairVmDrift', 'REPAIR_VM_DRIFT', id)).toMatchObject({ drift: [], revision: 1 });
    expect(onHost(id)).toEqual(['UP', 'UP']);
    pull(id);
    guest(id).sizes.links.set('definition', [mac]);
    await drifts(id, [`definition.links.${mac}`, `live.links.${mac}`]);
    const accepted = await did('acceptVmDrift', 'ACCEPT_VM_DRIFT', id);
    expect(accepted).toMatchObject({ drift: [], revision: 2, spec: { links: PULLED } });
    expect(onHost(id)).toEqual(['DOWN', 'DOWN']);
  }, 120_000);

  it('leaves a size as somebody has made it, which is drift still', async () => {
    const id = await bench.running();
    const { sizes } = guest(id);
    if (sizes.definition !== null) sizes.definition = { ...sizes.definition, vcpus: 2, maxVcpus: 2 };
    if (sizes.live !== null) sizes.live = { ...sizes.live, memoryKib: 98_304 };
    const paths = ['definition.vcpus', 'definition.maxVcpus', 'live.memoryMib'];
    await drifts(id, paths);
    expect((await set(id, 'DOWN')).drift.map(({ path }) => path)).toEqual(paths);
    expect([onHost(id), sizes.definition?.vcpus, sizes.live?.memoryKib]).toEqual([['DOWN', 'DOWN'], 2, 98_304]);
    const row = await bench.vms.get(PrismaClient).vm.findUniqueOrThrow({ where: { id } });
    expect(row).toMatchObject({ revision: 2, appliedRevision: 2, pendingRestart: [] });
  }, 120_000);

  it('fails on a host whose agent is too old for it, which goes on with all else', async () => {
    const id = await bench.running();
    const { hostId, imageId, vms } = bench.neighbours;
    await bench.neighbours.stop();
    bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId }, false);
    bench.neighbours.departments.add(bench.departmentId);
    for (const [vmId, vm] of vms) bench.neighbours.vms.set(vmId, vm);
    expect((await bench.say('setVmPortLink', { vmId: id })).errors).toBeUndefined();
    const failed = await ended(id, 'SET_VM_PORT_LINK', 'FAILED');
    expect([failed.state, failed.operations[0]?.errorCode]).toEqual(['RUNNING', 'UNSUPPORTED_BY_DRIVER']);
    await set(id, 'UP');
    await bench.say('resizeVm', { vmId: id, vcpus: 2, memoryMib: 128 });
    await ended(id, 'RESIZE_VM');
    expect(guest(id).sizes.definition?.vcpus).toBe(2);
  }, 120_000);
});
