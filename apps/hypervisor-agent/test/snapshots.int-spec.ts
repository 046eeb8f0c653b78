// Snapshots of real QEMU guests. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  DomainError,
  attachVolume,
  createSnapshot,
  deleteSnapshot,
  detachVolume,
  dismissRevert,
  ensureSeed,
  ensureVolume,
  forceOffVm,
  inspectDisk,
  inspectVm,
  inspectVolume,
  removeVolume,
  resizeDefinition,
  resizeLive,
  resumeVm,
  revertToSnapshot,
  startVm,
  undefineVm,
} from '@infinibay/contracts';
import { Connection, type Domain } from '@infinibay/libvirt';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complete } from './complete.ts';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500 };
const MIB = 1_048_576;

interface Listed {
  readonly name: string;
  readonly 'vm-state-size': number;
}

suite('a snapshot', () => {
  let sut: QemuAgent;
  let libvirt: Connection;
  beforeAll(async () => {
    sut = await QemuAgent.start();
    libvirt = await Connection.open(sut.uri);
  }, 300_000);
  afterAll(async () => {
    await libvirt.close();
    await sut.stop();
  }, 120_000);

  const domainOf = (vmId: string): Domain => libvirt.domains.handle(vmId);
  const diskOf = (vmId: string): string => path.join(sut.state.diskDir, `vm-${vmId}.qcow2`);
  const volumeFile = (volumeId: string): string => path.join(sut.state.diskDir, `volume-${volumeId}.qcow2`);
  const write = (file: string, pattern: number): unknown =>
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} 1M 1M`, file]);
  /** qemu-io says so when the bytes differ, and ends well all the same. */
  const holds = (file: string, pattern: number): boolean =>
    !execFileSync('qemu-io', ['-r', '-f', 'qcow2', '-c', `read -P ${pattern} 1M 1M`, file], {
      encoding: 'utf8',
    }).includes('Pattern verification failed');
  const listed = (file: string): Listed[] =>
    (
      JSON.parse(execFileSync('qemu-img', ['info', '-U', '--output=json', file], { encoding: 'utf8' })) as {
        snapshots?: Listed[];
      }
    ).snapshots ?? [];
  const namesIn = (file: string): string[] => listed(file).map(({ name }) => name);
  const powerOf = async (vmId: string) => (await sut.agent.call(inspectVm, { vmId })).domain?.power;
  const made = async (): Promise<string> => {
    const volumeId = randomUUID();
    await sut.agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: 16 * MIB });
    return volumeId;
  };
  const asked = (vmId: string, withMemory: boolean, volumeIds: string[] = []) => ({
    vmId,
    fence: 1,
    snapshotId: randomUUID(),
    withMemory,
    volumeIds,
  });
  const nameOf = ({ snapshotId }: { snapshotId: string }): string => `infinibay-${snapshotId}`;
  type Asked = ReturnType<typeof asked>;
  const taken = async (request: Asked): Promise<number> =>
    (await complete(() => sut.agent.call(createSnapshot, request))).memoryBytes ?? -1;
  /** @returns the power afterwards */
  const back = async (request: Asked, operationId: string = randomUUID()) => {
    await complete(() => sut.agent.call(revertToSnapshot, { ...request, operationId }));
    return powerOf(request.vmId);
  };
  const refusedBack = (request: Asked, operationId: string = randomUUID()) =>
    back(request, operationId).then(
      () => 'not refused',
      (error: unknown) => (error instanceof DomainError ? error.code : String(error)),
    );
  const removed = async (request: Asked): Promise<void> => {
    const { vmId, fence, snapshotId, volumeIds } = request;
    await complete(() => sut.agent.call(deleteSnapshot, { vmId, fence, snapshotId, volumeIds }));
  };
  const off = (vmId: string) => sut.agent.call(forceOffVm, { vmId, fence: 1 });
  const recordOf = (vmId: string): string => path.join(sut.reverts, vmId);

  it('of a VM that is off brings back what its disk and volume held, and leaves other volumes alone', async () => {
    const vmId = await sut.defineVm();
    const [volumeId, later] = [await made(), await made()];
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    for (const file of [diskOf(vmId), volumeFile(volumeId)]) write(file, 7);
    const request = asked(vmId, false, [volumeId]);
    expect(await taken(request)).toBe(0);
    expect(await taken(request)).toBe(0);
    for (const file of [diskOf(vmId), volumeFile(volumeId)]) expect(namesIn(file)).toEqual([nameOf(request)]);
    for (const file of [diskOf(vmId), volumeFile(volumeId), volumeFile(later)]) write(file, 9);
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId: later, target: 'vdc' });

    const operationId = randomUUID();
    expect(await back(request, operationId)).toBe('off');
    for (const file of [diskOf(vmId), volumeFile(volumeId)]) expect(holds(file, 7)).toBe(true);
    expect(holds(volumeFile(later), 9)).toBe(true);
    expect(await sut.agent.call(inspectDisk, { vmId })).toMatchObject({ status: 'SOUND' });
    expect(await sut.agent.call(inspectVolume, { volumeId })).toMatchObject({ status: 'SOUND' });
    // What is written since stays, though the request comes once more, of an agent that remembers nothing.
    write(diskOf(vmId), 11);
    await sut.restartAgent();
    expect(await back(request, operationId)).toBe('off');
    expect(holds(diskOf(vmId), 11)).toBe(true);

    for (const _ of [1, 2]) await removed(request);
    for (const file of [diskOf(vmId), volumeFile(volumeId)]) expect(namesIn(file)).toEqual([]);
    expect(await domainOf(vmId).snapshots.list()).toEqual([]);
    expect(await refusedBack(request)).toBe('SNAPSHOT_MISSING');
    expect(holds(diskOf(vmId), 11)).toBe(true);
    for (const file of [diskOf(vmId), volumeFile(volumeId)]) execFileSync('qemu-img', ['check', '-q', file]);
  }, 300_000);

  it('is refused where it would not be what was asked for, and then nothing of it is left', async () => {
    const vmId = await sut.defineVm();
    const [volumeId, other] = [await made(), await made()];
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    const refused = (request: Asked) => sut.agent.refusal(createSnapshot, request);
    expect(await refused(asked(vmId, true, [volumeId]))).toBe('VM_BUSY');
    for (const ids of [[], [other], [volumeId, other]])
      expect(await refused(asked(vmId, false, ids))).toBe('SNAPSHOT_DISKS_DIFFER');
    renameSync(volumeFile(volumeId), `${volumeFile(volumeId)}.aside`);
    expect(await refused(asked(vmId, false, [volumeId]))).toBe('VOLUME_MISSING');
    renameSync(`${volumeFile(volumeId)}.aside`, volumeFile(volumeId));
    await sut.agent.call(startVm, { vmId, fence: 1 });
    expect(await refused(asked(vmId, false, [volumeId]))).toBe('VM_BUSY');
    expect(await sut.agent.refusal(createSnapshot, { ...asked(vmId, true, [volumeId]), fence: 0 })).toBe('STALE_FENCE');
    expect(await refusedBack(asked(vmId, true, [volumeId]))).toBe('VM_BUSY');
    await off(vmId);
    expect(namesIn(diskOf(vmId))).toEqual([]);
    expect(await domainOf(vmId).snapshots.list()).toEqual([]);
  }, 300_000);

  it('of a running guest keeps its memory, is deleted while it runs, and one without a record too', async () => {
    const vmId = await sut.startVm();
    const [first, second, third] = [asked(vmId, true), asked(vmId, true), asked(vmId, true)];
    for (const one of [first, second, third]) expect(await taken(one)).toBeGreaterThan(0);
    expect(await powerOf(vmId)).toBe('running');
    expect(namesIn(diskOf(vmId))).toEqual([first, second, third].map(nameOf));
    await removed(first);
    await domainOf(vmId).snapshots.handle(nameOf(second)).delete({ metadataOnly: true });
    await removed(second);
    expect(namesIn(diskOf(vmId))).toEqual([nameOf(third)]);
    expect(await powerOf(vmId)).toBe('running');
    await off(vmId);
    const operationId = randomUUID();
    expect(await back(third, operationId)).toBe('running');
    const started = (await domainOf(vmId).info()).cpuTimeNs;
    expect(await back(third, operationId)).toBe('running');
    expect((await domainOf(vmId).info()).cpuTimeNs).toBeGreaterThanOrEqual(started);
    expect(await refusedBack(third)).toBe('VM_BUSY');
    await off(vmId);
    // Its disks alone: it stays off.
    expect(await back({ ...third, withMemory: false })).toBe('off');
    expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await off(vmId);
  }, 300_000);

  it('leaves the CD-ROM of cloud-init out, and brings no guest back without the one that it had', async () => {
    const vmId = await sut.defineVm();
    const definition = await domainOf(vmId).xmlDesc({ inactive: true });
    const seed = { instanceId: randomUUID(), metaData: '{}', userData: '#cloud-config', networkConfig: '{}' };
    await sut.agent.call(ensureSeed, { vmId, fence: 1, ...seed });
    const off1 = asked(vmId, false);
    await taken(off1);
    await sut.agent.call(startVm, { vmId, fence: 1 });
    const on = asked(vmId, true);
    await taken(on);
    expect(namesIn(diskOf(vmId))).toEqual([nameOf(off1), nameOf(on)]);
    await off(vmId);
    expect(await back(on)).toBe('running');
    await removed(off1);
    await off(vmId);
    await libvirt.domains.defineXml(definition);
    expect(await refusedBack(on)).toBe('SNAPSHOT_DISKS_DIFFER');
    expect(await back({ ...on, withMemory: false })).toBe('off');
    expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await off(vmId);
  }, 120_000);

  it('that an attempt left half done is made anew, and is no snapshot to go back to', async () => {
    const vmId = await sut.defineVm();
    const volumeId = await made();
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    const request = asked(vmId, false, [volumeId]);
    write(diskOf(vmId), 5);
    // One disk has it twice, the other does not, and libvirt knows nothing.
    for (const _ of [1, 2]) execFileSync('qemu-img', ['snapshot', '-c', nameOf(request), diskOf(vmId)]);
    write(diskOf(vmId), 6);
    expect(await refusedBack(request)).toBe('SNAPSHOT_MISSING');
    expect(holds(diskOf(vmId), 6)).toBe(true);
    expect(await taken(request)).toBe(0);
    for (const file of [diskOf(vmId), volumeFile(volumeId)]) expect(namesIn(file)).toEqual([nameOf(request)]);
    write(diskOf(vmId), 8);
    await back(request);
    expect(holds(diskOf(vmId), 6)).toBe(true);
  }, 300_000);

  it('whose revert did not end keeps the VM off until one has', async () => {
    const vmId = await sut.defineVm();
    const volumeId = await made();
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    write(diskOf(vmId), 1);
    const request = asked(vmId, false, [volumeId]);
    await taken(request);
    write(diskOf(vmId), 2);
    // An agent that died when it had begun.
    const operationId = randomUUID();
    await back(request, operationId);
    const record = { operationId, snapshotId: request.snapshotId, isDone: false };
    writeFileSync(recordOf(vmId), JSON.stringify(record));
    await sut.restartAgent();
    expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('REVERT_UNFINISHED');
    expect(await sut.agent.refusal(createSnapshot, asked(vmId, false, [volumeId]))).toBe('REVERT_UNFINISHED');
    write(diskOf(vmId), 3);
    expect(await back(request, operationId)).toBe('off');
    expect(holds(diskOf(vmId), 1)).toBe(true);
    expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await off(vmId);
    // Somebody wants it as it is.
    writeFileSync(recordOf(vmId), JSON.stringify(record));
    for (const wasUnfinished of [true, false])
      expect(await sut.agent.call(dismissRevert, { vmId, fence: 1 })).toEqual({ wasUnfinished });
    expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await off(vmId);
    // A damaged record is not taken for none.
    writeFileSync(recordOf(vmId), '{');
    await expect(sut.agent.call(startVm, { vmId, fence: 1 })).rejects.toThrow();
    rmSync(recordOf(vmId));
  }, 300_000);

  it('that QEMU can not load half-way leaves the VM off; one that libvirt refuses before leaves it as it was', async () => {
    const vmId = await sut.startVm();
    const request = asked(vmId, true);
    await taken(request);
    await off(vmId);
    write(diskOf(vmId), 4);
    // libvirt does not come to start QEMU: there is no such network.
    const snapshot = domainOf(vmId).snapshots.handle(nameOf(request));
    const xml = await snapshot.xmlDesc();
    const definition = await domainOf(vmId).xmlDesc({ inactive: true });
    const redefine = async (text: string) => {
      await snapshot.delete({ metadataOnly: true });
      await domainOf(vmId).snapshots.create(text, { redefine: true });
    };
    await redefine(
      xml.replaceAll('</devices>', "<interface type='network'><source network='none'/></interface></devices>"),
    );
    const operationId = randomUUID();
    await expect(back(request, operationId)).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
    expect(holds(diskOf(vmId), 4)).toBe(true);
    expect(readdirSync(sut.reverts)).not.toContain(vmId);
    // libvirt takes over the definition of a snapshot before it starts it, and so does a start of ours write its own.
    await libvirt.domains.defineXml(definition);
    // QEMU does: its machine has more memory than the one whose memory is kept.
    await redefine(xml.replaceAll("<memory unit='KiB'>65536<", "<memory unit='KiB'>98304<"));
    expect(await refusedBack(request, operationId)).toBe('REVERT_UNFINISHED');
    expect(await powerOf(vmId)).toBe('off');
    expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('REVERT_UNFINISHED');
    expect(await back({ ...request, withMemory: false })).toBe('off');
    expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await off(vmId);
  }, 300_000);

  it('of disks that can not be read any more goes, and so does the VM', async () => {
    const vmId = await sut.defineVm();
    const volumeId = await made();
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    const request = asked(vmId, false, [volumeId]);
    await taken(request);
    writeFileSync(volumeFile(volumeId), '');
    await removed(request);
    expect(namesIn(diskOf(vmId))).toEqual([]);
    expect(await sut.agent.call(undefineVm, { vmId, fence: 1 })).toEqual({ removed: true });
  }, 120_000);

  it('is not deleted from a storage that is away', async () => {
    const vmId = await sut.defineVm();
    const request = asked(vmId, false);
    await taken(request);
    const mark = path.join(sut.state.diskDir, '.infinibay-storage');
    renameSync(mark, `${mark}.aside`);
    expect(await sut.agent.refusal(deleteSnapshot, { ...request })).toBe('STORAGE_UNAVAILABLE');
    renameSync(`${mark}.aside`, mark);
    expect(namesIn(diskOf(vmId))).toEqual([nameOf(request)]);
    await removed(request);
  }, 120_000);

  it('is not taken of a guest that could not be brought back: processors were plugged in', async () => {
    const vmId = await sut.defineVm();
    const sizes = { vcpus: 1, maxVcpus: 2, memoryMib: 64, maxMemoryMib: 64 };
    await sut.agent.call(resizeDefinition, { vmId, fence: 1, sizes });
    await sut.agent.call(startVm, { vmId, fence: 1 });
    const live = await sut.agent.call(resizeLive, { vmId, fence: 1, sizes: { ...sizes, vcpus: 2 } });
    expect(live.live?.vcpus).toBe(2);
    expect(await sut.agent.refusal(createSnapshot, asked(vmId, true))).toBe('SNAPSHOT_NEEDS_RESTART');
    await off(vmId);
    // Those that were there at its start are no matter.
    await sut.agent.call(resizeDefinition, { vmId, fence: 1, sizes: { ...sizes, vcpus: 2 } });
    await sut.agent.call(startVm, { vmId, fence: 1 });
    const request = asked(vmId, true);
    await taken(request);
    await off(vmId);
    expect(await back(request)).toBe('running');
    await off(vmId);
  }, 120_000);

  it('leaves nothing in a volume that outlives its VM', async () => {
    const vmId = await sut.defineVm();
    const volumeId = await made();
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    const request = asked(vmId, false, [volumeId]);
    await taken(request);
    execFileSync('qemu-img', ['snapshot', '-c', 'somebody', volumeFile(volumeId)]);
    await sut.agent.call(undefineVm, { vmId, fence: 1 });
    expect(namesIn(volumeFile(volumeId))).toEqual(['somebody']);
    expect(readdirSync(sut.reverts)).not.toContain(vmId);
    await sut.agent.call(detachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    expect(await sut.agent.call(removeVolume, { volumeId, fence: 1 })).toEqual({ removed: true });
  }, 120_000);

  it('of a guest whose libvirtd is killed meanwhile comes about, and the guest runs on', async () => {
    const vmId = await sut.startVm({ memoryMib: 512 });
    const request = asked(vmId, true);
    const first = sut.agent.call(createSnapshot, request).catch((error: unknown) => error);
    await pollUntil(async () => (await powerOf(vmId)) === 'paused' || namesIn(diskOf(vmId)).length > 0, {
      ...PATIENCE,
      intervalMs: 5,
      what: 'the snapshot to begin',
    });
    sut.signalDaemon('SIGKILL');
    await first;
    await pollUntil(() => powerOf(vmId).catch(() => undefined), { ...PATIENCE, what: 'libvirt' });
    await pollUntil(
      () =>
        sut.agent.call(createSnapshot, request).then(
          ({ isComplete }) => isComplete,
          () => false,
        ),
      { ...PATIENCE, what: 'the snapshot' },
    );
    expect(namesIn(diskOf(vmId))).toEqual([nameOf(request)]);
    // Whoever stopped it for that has died; the words for why are those that are resumed from.
    const { domain } = await sut.agent.call(inspectVm, { vmId });
    if (domain?.power === 'paused') expect(['save', 'snapshot']).toContain(domain.reason);
    await sut.agent.call(resumeVm, { vmId, fence: 1 });
    expect(await powerOf(vmId)).toBe('running');
    await removed(request);
    expect(namesIn(diskOf(vmId))).toEqual([]);
    await off(vmId);
  }, 300_000);
});
