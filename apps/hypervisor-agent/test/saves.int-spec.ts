// Memory of real QEMU guests that is kept. Beside the sources, since it needs the stack's tools.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  attachVolume,
  cloneDisk,
  createSnapshot,
  defineVm,
  detachVolume,
  discardSavedMemory,
  ensureSeed,
  ensureVolume,
  forceOffVm,
  growVolume,
  inspectSavedMemory,
  inspectVm,
  resizeDefinition,
  resizeLive,
  resumeVm,
  revertToSnapshot,
  saveVm,
  startVm,
  suspendVm,
  undefineVm,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complete } from './complete.ts';
import { countingGuest, numbersIn } from './counting-guest.ts';
import { QemuAgent, hasQemu, vmSpec } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 200 };

suite('memory that is saved', () => {
  let sut: QemuAgent;
  let libvirt: Connection;
  beforeAll(async () => {
    sut = await QemuAgent.start({ disk: countingGuest(), hasConsole: true });
    libvirt = await Connection.open(sut.uri);
  }, 300_000);
  afterAll(async () => {
    await libvirt.close();
    await sut.stop();
  }, 120_000);

  const about = (vmId: string) => ({ vmId, fence: 1 });
  const saved = (vmId: string) => complete(() => sut.agent.call(saveVm, about(vmId)));
  const isKept = (vmId: string): Promise<boolean> => libvirt.domains.handle(vmId).hasManagedSave();
  const observed = async (vmId: string) => (await sut.agent.call(inspectVm, { vmId })).domain;
  const off = (vmId: string) => sut.agent.call(forceOffVm, about(vmId));
  const start = (vmId: string) => sut.agent.call(startVm, about(vmId));
  const last = (vmId: string): number => numbersIn(sut.console(vmId)).at(-1) ?? 0;
  /** The guest has counted beyond it. */
  const counts = (vmId: string, beyond: number): Promise<unknown> =>
    pollUntil(() => last(vmId) > beyond, { ...PATIENCE, what: `a number beyond ${beyond}` });
  /** Asks until it is told so, whatever is answered while libvirt is away. */
  const isSaved = (vmId: string): Promise<unknown> =>
    pollUntil(
      () =>
        sut.agent.call(saveVm, about(vmId)).then(
          ({ isComplete }) => isComplete,
          () => false,
        ),
      { ...PATIENCE, what: 'the save' },
    );

  it('brings a guest back where it was, and is gone then', async () => {
    const vmId = await sut.startVm();
    await counts(vmId, 20);
    await saved(vmId);
    expect(await observed(vmId)).toMatchObject({ power: 'off', reason: 'saved' });
    const before = last(vmId);
    // Of an agent that remembers nothing.
    await sut.restartAgent();
    await saved(vmId);
    expect([await isKept(vmId), last(vmId)]).toEqual([true, before]);
    expect(await start(vmId)).toEqual({ power: 'running' });
    await counts(vmId, before);
    // One that was booted begins at 1.
    const numbers = numbersIn(sut.console(vmId));
    expect(numbers.filter((number) => number === 1).length).toBeLessThan(2);
    expect(numbers.at(-1)).toBeGreaterThan(before);
    expect(await isKept(vmId)).toBe(false);
    await off(vmId);
    expect(await sut.agent.refusal(saveVm, about(vmId))).toBe('NOTHING_TO_SAVE');
  }, 300_000);

  it('of a guest that stood still brings it back standing still', async () => {
    const vmId = await sut.startVm();
    await sut.agent.call(suspendVm, about(vmId));
    await saved(vmId);
    expect(await start(vmId)).toEqual({ power: 'paused' });
    await sut.agent.call(resumeVm, about(vmId));
    await off(vmId);
  }, 120_000);

  it('is thrown away when somebody wants that, and with the VM', async () => {
    const vmId = await sut.startVm();
    await counts(vmId, 20);
    await saved(vmId);
    for (const wasSaved of [true, false])
      expect(await sut.agent.call(discardSavedMemory, about(vmId))).toEqual({ wasSaved });
    expect(await isKept(vmId)).toBe(false);
    await start(vmId);
    await pollUntil(() => numbersIn(sut.console(vmId)).includes(1), { ...PATIENCE, what: 'a guest that boots' });
    await saved(vmId);
    expect(await sut.agent.call(undefineVm, about(vmId))).toEqual({ removed: true });
  }, 300_000);

  it('keeps its disk from being copied and taken back, and a save that nobody asked after is not told as another', async () => {
    const vmId = await sut.defineVm();
    const snapshot = { ...about(vmId), snapshotId: randomUUID(), volumeIds: [] };
    await complete(() => sut.agent.call(createSnapshot, { ...snapshot, withMemory: false }));
    await start(vmId);
    await counts(vmId, 20);
    // Begun, and not asked after when it has come about: who asks has no time for the answer, on a busy machine not even to begin.
    const isBegun = async (): Promise<boolean> => {
      await sut.agent.call(saveVm, about(vmId), 300).catch(() => undefined);
      return (await observed(vmId))?.power !== 'running';
    };
    await pollUntil(isBegun, { ...PATIENCE, what: 'a save that has begun' });
    await pollUntil(async () => (await observed(vmId))?.power === 'off', { ...PATIENCE, what: 'a VM that is saved' });
    const revert = { ...snapshot, withMemory: false, operationId: randomUUID() };
    expect(await sut.agent.refusal(revertToSnapshot, revert)).toBe('VM_MEMORY_SAVED');
    const copy = { ...about(randomUUID()), sourceVmId: vmId, snapshotId: null, reservePercent: 1 };
    expect(await sut.agent.refusal(cloneDisk, copy)).toBe('CLONE_SOURCE_UNUSABLE');
    expect(await start(vmId)).toEqual({ power: 'running' });
    await saved(vmId);
    expect([(await observed(vmId))?.power, await isKept(vmId)]).toEqual(['off', true]);
    await sut.agent.call(undefineVm, about(vmId));
  }, 300_000);

  it('goes with the volumes that its guest had, and with no others', async () => {
    const vmId = await sut.defineVm();
    const [had, other] = [randomUUID(), randomUUID()];
    for (const volumeId of [had, other])
      await sut.agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: 16_777_216 });
    const at = (volumeId: string, target: string) => ({ ...about(vmId), volumeId, target });
    const attach = (volumeId: string, target: string) => sut.agent.call(attachVolume, at(volumeId, target));
    await attach(had, 'vdb');
    await start(vmId);
    await counts(vmId, 20);
    await saved(vmId);
    expect(await sut.agent.call(inspectSavedMemory, { vmId })).toEqual({ isSaved: true });
    expect(await sut.agent.refusal(attachVolume, at(other, 'vdc'))).toBe('VM_MEMORY_SAVED');
    expect(await sut.agent.refusal(detachVolume, at(had, 'vdb'))).toBe('VM_MEMORY_SAVED');
    const larger = { volumeId: had, vmId, fence: 1, capacityBytes: 33_554_432 };
    expect(await sut.agent.refusal(growVolume, larger)).toBe('VM_MEMORY_SAVED');
    // As each start does: a definition that was just written has no volumes.
    const before = last(vmId);
    await sut.agent.call(defineVm, { fence: 1, spec: vmSpec(vmId) });
    expect(await sut.agent.refusal(startVm, about(vmId))).toBe('VM_MEMORY_SAVED');
    await attach(had, 'vdb');
    await start(vmId);
    await counts(vmId, before);
    expect(await sut.agent.call(inspectSavedMemory, { vmId })).toEqual({ isSaved: false });
    await off(vmId);
    expect(await sut.agent.call(detachVolume, at(had, 'vdb'))).toEqual({ isDetached: true });
    expect(await sut.agent.call(inspectSavedMemory, { vmId: randomUUID() })).toEqual({ isSaved: false });
  }, 300_000);

  it('keeps the seed that its guest had, until it boots', async () => {
    const vmId = await sut.defineVm();
    const documents = { metaData: 'instance-id: "i"\n', userData: '#cloud-config\n', networkConfig: 'version: 2\n' };
    await sut.agent.call(ensureSeed, { ...about(vmId), instanceId: randomUUID(), ...documents });
    await start(vmId);
    await counts(vmId, 20);
    await saved(vmId);
    const before = last(vmId);
    const define = () => sut.agent.call(defineVm, { fence: 1, spec: vmSpec(vmId) });
    const hasSeed = (): boolean => existsSync(path.join(sut.state.diskDir, `seed-${vmId}.iso`));
    await define();
    await start(vmId);
    await counts(vmId, before);
    expect(hasSeed()).toBe(true);
    await off(vmId);
    await define();
    await start(vmId);
    expect(hasSeed()).toBe(false);
    await off(vmId);
  }, 300_000);

  it('is not taken by a worker that was replaced, nor of a guest into which processors were plugged', async () => {
    const vmId = await sut.defineVm();
    const sizes = { vcpus: 1, maxVcpus: 2, memoryMib: 64, maxMemoryMib: 64 };
    await sut.agent.call(resizeDefinition, { ...about(vmId), sizes });
    await start(vmId);
    expect(await sut.agent.refusal(saveVm, { vmId, fence: 0 })).toBe('STALE_FENCE');
    await sut.agent.call(resizeLive, { ...about(vmId), sizes: { ...sizes, vcpus: 2 } });
    expect(await sut.agent.refusal(saveVm, about(vmId))).toBe('SNAPSHOT_NEEDS_RESTART');
    expect((await observed(vmId))?.power).toBe('running');
    await off(vmId);
  }, 120_000);

  it('comes about though the agent ends meanwhile', async () => {
    const vmId = await sut.startVm({ memoryMib: 512 });
    const first = sut.agent.call(saveVm, about(vmId)).catch((error: unknown) => error);
    await pollUntil(async () => (await observed(vmId))?.power !== 'running', { ...PATIENCE, intervalMs: 5 });
    await sut.restartAgent();
    await first;
    await isSaved(vmId);
    expect([(await observed(vmId))?.power, await isKept(vmId)]).toEqual(['off', true]);
    expect(await start(vmId)).toEqual({ power: 'running' });
    await off(vmId);
  }, 300_000);

  it('comes about though libvirtd is killed meanwhile, or the guest runs on', async () => {
    const vmId = await sut.startVm({ memoryMib: 512 });
    await counts(vmId, 5);
    const first = sut.agent.call(saveVm, about(vmId)).catch((error: unknown) => error);
    await pollUntil(async () => (await observed(vmId))?.power !== 'running', { ...PATIENCE, intervalMs: 5 });
    sut.signalDaemon('SIGKILL');
    await first;
    const found = await pollUntil(() => observed(vmId).catch(() => null), { ...PATIENCE, what: 'libvirt' });
    // Whoever stopped it for that has died; the word for why is one that is resumed from.
    if (found.power === 'paused') expect(found.reason).toBe('save');
    await isSaved(vmId);
    const before = last(vmId);
    expect(await start(vmId)).toEqual({ power: 'running' });
    await counts(vmId, before);
    await off(vmId);
  }, 300_000);
});
