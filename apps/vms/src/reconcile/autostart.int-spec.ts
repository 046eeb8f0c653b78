import { randomUUID } from 'node:crypto';
import { hostAgentStarted } from '@infinibay/contracts';
import { newEvent, newId } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { AutostartController } from './autostart.controller.js';

const VM = `query ($id: ID!) { vm(id: $id) { autostart revision spec { autostart vcpus }
  drift { path } revisions(first: 1) { nodes { operation spec { autostart } changes { path from to } } } } }`;
const COMPARE = `query ($id: ID!) { compareVmRevisions(vmId: $id, from: 1, to: 2) { path from to } }`;
const SWITCHED_ON = [{ path: 'autostart', from: 'false', to: 'true' }];

describe('autostart', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const view = async (id: string) => (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'];
  const off = async (overrides: Record<string, unknown> = {}): Promise<string> => {
    const id = await bench.running(overrides);
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    return id;
  };
  const ended = (id: string, kind: string) =>
    bench.until(
      id,
      `the end of ${kind}`,
      ({ operations: [last] }) => last?.kind === kind && last.status === 'SUCCEEDED',
    );
  const say = async (name: string, input: Record<string, unknown>): Promise<void> => {
    expect((await bench.say(name, input)).errors).toBeUndefined();
  };
  /** What an agent tells first of all. */
  const agentStarted = (bootId: string | null, epoch = newId(), hostId = bench.neighbours.hostId): Promise<void> => {
    const data = { ...hostAgentStarted.example, hostId, epoch, bootId };
    const event = newEvent(hostAgentStarted, { departmentId: null, resource: { kind: 'host', id: hostId }, data });
    return bench.vms.get(AutostartController).agentStarted({ ...event, data });
  };
  const stateOf = async (id: string) => (await bench.view(id))?.state;

  it('is part of the spec: a revision says it, another takes it back, and nothing else is touched', async () => {
    const id = await off();
    expect(await view(id)).toMatchObject({ autostart: false, revision: 1, spec: { autostart: false } });
    const { sizes } = bench.neighbours.vm(id);
    if (sizes.definition !== null) sizes.definition = { ...sizes.definition, maxVcpus: 2 };
    const isDrifted = async (): Promise<boolean> => {
      bench.report();
      return JSON.stringify(await view(id)).includes('definition.maxVcpus');
    };
    await pollUntil(isDrifted, { what: 'the drift', timeoutMs: 60_000 });
    await say('setVmAutostart', { vmId: id, autostart: true });
    await ended(id, 'SET_VM_AUTOSTART');
    expect(await view(id)).toMatchObject({
      autostart: true,
      revision: 2,
      spec: { autostart: true, vcpus: 1 },
      drift: [{ path: 'definition.maxVcpus' }],
      revisions: { nodes: [{ operation: 'SET_VM_AUTOSTART', spec: { autostart: true }, changes: SWITCHED_ON }] },
    });
    expect(await database().vm.findUnique({ where: { id } })).toMatchObject({ revision: 2, appliedRevision: 2 });
    expect((await bench.vms.ask(bench.actor, COMPARE, { id })).data?.['compareVmRevisions']).toEqual(SWITCHED_ON);
    await say('setVmAutostart', { vmId: id, autostart: true });
    expect(await view(id)).toMatchObject({ revision: 2 });
    await say('restoreVmRevision', { vmId: id, revision: 1 });
    expect(await view(id)).toMatchObject({ autostart: false, revision: 3 });
  }, 180_000);

  it('leaves a size to be brought about that had to give way to it', async () => {
    const id = await off();
    await database().vm.update({ where: { id }, data: { appliedRevision: 0, vcpus: 2 } });
    await say('setVmAutostart', { vmId: id, autostart: true });
    await ended(id, 'SET_VM_AUTOSTART');
    expect(bench.neighbours.vm(id).sizes.definition).toMatchObject({ vcpus: 2 });
  }, 180_000);

  it('starts a VM when its host has been booted, behind its network and its filter, and no other', async () => {
    const [wanted, other] = [await off({ autostart: true }), await off()];
    expect(await view(wanted)).toMatchObject({ autostart: true, revision: 1 });
    const [before, after] = [randomUUID(), randomUUID()];
    const first = newId();
    await agentStarted(before, first);
    await agentStarted(before);
    await agentStarted(null);
    await agentStarted(randomUUID(), newId(), randomUUID());
    expect(await stateOf(wanted)).toBe('STOPPED');
    const calls = bench.neighbours.calls.length;
    await agentStarted(after);
    await bench.reaches(wanted, 'RUNNING');
    const at = (name: string): number => bench.neighbours.calls.slice(calls).indexOf(name);
    expect(at('attach-vm')).toBeGreaterThanOrEqual(0);
    expect(at('protect-vm')).toBeGreaterThan(at('attach-vm'));
    expect(at('start-vm')).toBeGreaterThan(at('protect-vm'));
    expect(await stateOf(other)).toBe('STOPPED');

    await bench.act('forceOffVm', wanted);
    await bench.reaches(wanted, 'STOPPED');
    // Told again, and told late by a run of the agent before the last.
    await agentStarted(after);
    await agentStarted(randomUUID(), first);
    expect(await stateOf(wanted)).toBe('STOPPED');
  }, 180_000);

  it('leaves a VM to whoever waits for something else of it', async () => {
    const id = await off({ autostart: true });
    await agentStarted(randomUUID());
    await bench.reaches(id, 'RUNNING');
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    // A late report would have a worker end the operation again.
    await bench.hold(id);
    await database().operation.updateMany({
      where: { resourceId: id, kind: 'FORCE_OFF_VM' },
      data: { status: 'RUNNING', finishedAt: null },
    });
    await agentStarted(randomUUID());
    expect(await stateOf(id)).toBe('STOPPED');
  }, 180_000);

  it('starts none whose disk is being copied', async () => {
    const [id, clone] = [await off({ autostart: true }), await off()];
    await agentStarted(randomUUID());
    await bench.reaches(id, 'RUNNING');
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    const unmade = { state: 'BUILDING', cloneSourceId: id, diskBuiltAt: null, leaseOwner: 'nobody' } as const;
    const leaseUntil = new Date(Date.now() + 3_600_000);
    await database().vm.update({ where: { id: clone }, data: { ...unmade, leaseUntil } });
    await agentStarted(randomUUID());
    expect(await stateOf(id)).toBe('STOPPED');
    await database().vm.update({ where: { id: clone }, data: { diskBuiltAt: new Date() } });
    const image = { name: 'ours', version: 'imported', osFamily: 'linux', format: 'qcow2', sha256: '0'.repeat(64) };
    const captured = { ...image, virtualSizeBytes: 0n, minMemoryMib: 64, sourceVmId: id, state: 'CAPTURING' } as const;
    const owned = { importedById: randomUUID(), hostId: bench.neighbours.hostId, departmentId: bench.departmentId };
    const { id: imageId } = await database().image.create({ data: { id: randomUUID(), ...captured, ...owned } });
    await agentStarted(randomUUID());
    expect(await stateOf(id)).toBe('STOPPED');
    await database().image.update({ where: { id: imageId }, data: { state: 'FAILED' } });
    await agentStarted(randomUUID());
    await bench.reaches(id, 'RUNNING');
  }, 180_000);
});
