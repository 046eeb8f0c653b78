import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  defineVm,
  ensureDisk,
  forceOffVm,
  inspectVm,
  rebootVm,
  resetVm,
  resumeVm,
  startVm,
  suspendVm,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, writeImage } from '../agent.fixture.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';

const MIB = 1_048_576;

describe('a reset', () => {
  const folders = agentFolders();
  const image = writeImage(folders.images, Buffer.alloc(MIB));
  const environment = {
    LIBVIRT_URI: 'test:///default',
    AGENT_SOCKET_DIR: folders.sockets,
    SCREEN_SOCKET_DIR: folders.screens,
    IMAGE_DIR: folders.images,
    DISK_DIR: folders.disks,
    STATE_DIR: folders.state,
  };
  let agent: RunningAgent;
  // The test driver forgets everything when its last connection is closed; a daemon would not.
  let keeper: Connection;
  beforeAll(async () => {
    keeper = await Connection.open('test:///default');
    agent = await RunningAgent.start(environment);
  });
  afterAll(async () => {
    await agent.stop();
    await keeper.close();
    folders.remove();
  });

  const running = async (): Promise<string> => {
    const vmId = randomUUID();
    const spec = { vmId, departmentId: randomUUID(), name: 'a', vcpus: 1, memoryMib: 64, nics: [], filterName: null };
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: image.imageId, capacityBytes: 2 * MIB });
    await agent.call(defineVm, { fence: 1, spec });
    await agent.call(startVm, { vmId, fence: 1 });
    return vmId;
  };
  const reset = (vmId: string, operationId: string) => agent.call(resetVm, { vmId, fence: 1, operationId });
  const domainOf = async (vmId: string) => (await agent.call(inspectVm, { vmId })).domain;
  /** Calls of libvirt by this agent. */
  const calls = async (call: string): Promise<number> => {
    const { body } = await agent.http('/metrics');
    const counts = body.matchAll(
      new RegExp(`^infinibay_libvirt_calls_total\\{[^}]*call="${call}"[^}]*\\} (\\d+)$`, 'gm'),
    );
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const recordOf = (vmId: string) => join(folders.sockets, vmId, 'task.json');

  it('happens once for an operation that is sent again and again, and the guest runs on', async () => {
    const vmId = await running();
    const [first, second] = [randomUUID(), randomUUID()];
    const before = await calls('reset-domain');
    for (const _ of [1, 2, 3]) expect(await reset(vmId, first)).toEqual({ power: 'running' });
    expect(await calls('reset-domain')).toBe(before + 1);
    await Promise.all([reset(vmId, second), reset(vmId, second), reset(vmId, second)]);
    expect(await calls('reset-domain')).toBe(before + 2);
    expect((await domainOf(vmId))?.power).toBe('running');
  });

  it('leaves a guest that stands still so, and is refused where nothing runs', async () => {
    const vmId = await running();
    for (const _ of [1, 2]) expect(await agent.call(suspendVm, { vmId, fence: 1 })).toEqual({ power: 'paused' });
    const operationId = randomUUID();
    for (const _ of [1, 2]) expect(await reset(vmId, operationId)).toEqual({ power: 'paused' });
    expect(await domainOf(vmId)).toEqual({ power: 'paused', reason: 'user' });
    for (const _ of [1, 2]) expect(await agent.call(resumeVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await agent.call(forceOffVm, { vmId, fence: 2 });
    const late = { vmId, operationId: randomUUID() };
    expect(await agent.refusal(resetVm, { ...late, fence: 1 })).toBe('STALE_FENCE');
    expect(await agent.refusal(suspendVm, { vmId, fence: 1 })).toBe('STALE_FENCE');
    expect(await agent.refusal(resetVm, { ...late, fence: 2 })).toBe('VM_BUSY');
    expect(await agent.refusal(suspendVm, { vmId, fence: 2 })).toBe('VM_BUSY');
    const nobody = { vmId: randomUUID(), fence: 1 };
    expect(await agent.refusal(resetVm, { ...nobody, operationId: randomUUID() })).toBe('VM_NOT_FOUND');
    expect(await agent.refusal(suspendVm, nobody)).toBe('VM_NOT_FOUND');
  });

  it('and a restart by the power button do not take each other for done', async () => {
    const vmId = await running();
    const operationId = randomUUID();
    expect(await agent.call(rebootVm, { vmId, fence: 1, operationId })).toMatchObject({ isRebooted: true });
    const before = await calls('reset-domain');
    await reset(vmId, randomUUID());
    expect(await calls('reset-domain')).toBe(before + 1);
    expect(await agent.call(rebootVm, { vmId, fence: 1, operationId: randomUUID() })).toMatchObject({
      isRebooted: true,
    });
  });

  /** What an agent that was killed there has left: its record, and what it had done to the domain. */
  it.each<[string, { readonly isDone: boolean; readonly isHeld: boolean }, readonly ('suspend' | 'reset')[], number]>([
    ['before it stopped the guest', { isDone: false, isHeld: true }, [], 1],
    ['before the press', { isDone: false, isHeld: true }, ['suspend'], 1],
    ['before it could record the press', { isDone: false, isHeld: true }, ['suspend', 'reset'], 1],
    ['before it let the guest run on', { isDone: true, isHeld: true }, ['suspend', 'reset'], 0],
    ['before it answered', { isDone: true, isHeld: false }, [], 0],
  ])('is finished by the next agent when one was killed %s', async (_place, left, done, presses) => {
    const vmId = await running();
    const operationId = randomUUID();
    await agent.stop();
    mkdirSync(join(folders.sockets, vmId), { recursive: true });
    writeFileSync(recordOf(vmId), JSON.stringify({ operationId, kind: 'reset', ...left }));
    const domain = keeper.domains.handle(vmId);
    for (const call of done) await domain[call]();
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    if (done.length > 0) expect(await domainOf(vmId)).toEqual({ power: 'paused', reason: 'reset' });
    for (const _ of [1, 2]) expect(await reset(vmId, operationId)).toEqual({ power: 'running' });
    expect(await calls('reset-domain')).toBe(presses);
    expect((await domain.state()).state).toBe('running');
    expect(JSON.parse(readFileSync(recordOf(vmId), 'utf8'))).toMatchObject({ isDone: true, isHeld: false });
  });

  it('that came to nothing is no reason to stand still once somebody has let the guest run on', async () => {
    const vmId = await running();
    await agent.stop();
    writeFileSync(
      recordOf(vmId),
      JSON.stringify({ operationId: randomUUID(), kind: 'reset', isDone: false, isHeld: true }),
    );
    const domain = keeper.domains.handle(vmId);
    await domain.suspend();
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    expect(await domainOf(vmId)).toEqual({ power: 'paused', reason: 'reset' });
    // Somebody may have asked for it to be suspended since: another operation does not let it run on.
    expect(await reset(vmId, randomUUID())).toEqual({ power: 'paused' });
    expect(await domainOf(vmId)).toEqual({ power: 'paused', reason: 'user' });
    await agent.call(resumeVm, { vmId, fence: 1 });
    expect((await domain.state()).state).toBe('running');
  });

  it('is forgotten when the guest is resumed by whoever it be', async () => {
    for (const byHand of [true, false]) {
      const vmId = await running();
      // The agent that started it may yet be told so, and would take that for the release.
      await agent.stop();
      const record = { operationId: randomUUID(), kind: 'reset', isDone: false, isHeld: true };
      writeFileSync(recordOf(vmId), JSON.stringify(record));
      const domain = keeper.domains.handle(vmId);
      await domain.suspend();
      agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
      expect(await domainOf(vmId)).toEqual({ power: 'paused', reason: 'reset' });
      if (byHand) await domain.resume();
      else await agent.call(resumeVm, { vmId, fence: 1 });
      const isHeld = () => (JSON.parse(readFileSync(recordOf(vmId), 'utf8')) as { isHeld: boolean }).isHeld;
      await pollUntil(() => !isHeld(), { what: 'the release' });
    }
  });

  it('is not forgotten for a start that is told of late', async () => {
    const vmId = await running();
    await agent.stop();
    const record = { operationId: randomUUID(), kind: 'reset', isDone: false, isHeld: true };
    writeFileSync(recordOf(vmId), JSON.stringify(record));
    await keeper.domains.handle(vmId).suspend();
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    const hypervisor = agent.app.get(Hypervisor, { strict: false });
    const domain = { name: `vm-${vmId}`, uuid: vmId, id: 1 };
    hypervisor.emit('domainEvent', { kind: 'lifecycle', event: 'started', detail: 'booted', ...domain });
    // In turn with what the event has brought about.
    await agent.call(suspendVm, { vmId, fence: 1 });
    expect(await domainOf(vmId)).toEqual({ power: 'paused', reason: 'reset' });
    expect(await reset(vmId, record.operationId)).toEqual({ power: 'running' });
  });

  it('reads the records of agents that knew no reset', async () => {
    const vmId = await running();
    const operationId = randomUUID();
    writeFileSync(recordOf(vmId), JSON.stringify({ operationId, isDone: true }));
    const before = await calls('reboot-domain');
    expect(await agent.call(rebootVm, { vmId, fence: 1, operationId })).toMatchObject({ isRebooted: true });
    expect(await calls('reboot-domain')).toBe(before);
  });
});
