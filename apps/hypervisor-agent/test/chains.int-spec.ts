// What disks consist of, by a real qemu-img. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  attachVolume,
  createSnapshot,
  ensureVolume,
  forceOffVm,
  inspectChain,
  startVm,
  type DiskLayer,
} from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { complete } from './complete.ts';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const MIB = 1_048_576;

suite('what a disk consists of', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start();
  }, 300_000);
  afterAll(() => sut.stop(), 120_000);

  const diskOf = (vmId: string): string => path.join(sut.state.diskDir, `vm-${vmId}.qcow2`);
  const volumeFile = (volumeId: string): string => path.join(sut.state.diskDir, `volume-${volumeId}.qcow2`);
  const write = (file: string): unknown => execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 4M', file]);
  const layersOf = async (kind: 'DISK' | 'VOLUME', id: string): Promise<readonly DiskLayer[]> =>
    (await sut.agent.call(inspectChain, { kind, id })).layers;
  const refusal = (kind: 'DISK' | 'VOLUME', id: string): Promise<string> =>
    sut.agent.refusal(inspectChain, { kind, id });
  const volume = async (): Promise<string> => {
    const volumeId = randomUUID();
    await sut.agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: 16 * MIB });
    return volumeId;
  };

  it('is its file, its snapshots and its image, also while a guest runs on it', async () => {
    const vmId = await sut.defineVm();
    const own = { role: 'OWN', format: 'qcow2', virtualSizeBytes: 8 * MIB, imageId: null, path: diskOf(vmId) };
    const image = { role: 'IMAGE', format: 'qcow2', virtualSizeBytes: 8 * MIB, imageId: sut.imageId };
    const fresh = await layersOf('DISK', vmId);
    expect(fresh).toMatchObject([own, image]);
    expect(fresh[0]?.allocatedBytes).toBeLessThan(MIB);
    expect(path.isAbsolute(fresh[1]?.path ?? '')).toBe(true);

    write(diskOf(vmId));
    const asked = { vmId, fence: 1, snapshotId: randomUUID(), volumeIds: [], withMemory: false };
    await complete(() => sut.agent.call(createSnapshot, asked));
    // By hand: somebody else's is not told.
    execFileSync('qemu-img', ['snapshot', '-c', 'by hand', diskOf(vmId)]);
    await sut.agent.call(startVm, { vmId, fence: 1 });
    const running = await layersOf('DISK', vmId);
    expect(running).toMatchObject([own, { role: 'SNAPSHOT', snapshotId: asked.snapshotId, path: null }, image]);
    expect(running[0]?.allocatedBytes).toBeGreaterThan(4 * MIB);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
  }, 300_000);

  it('is the one file of a volume, also under the guest that has it', async () => {
    const [volumeId, vmId] = [await volume(), await sut.defineVm()];
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    await sut.agent.call(startVm, { vmId, fence: 1 });
    const own = { role: 'OWN', virtualSizeBytes: 16 * MIB, imageId: null, path: volumeFile(volumeId) };
    expect(await layersOf('VOLUME', volumeId)).toMatchObject([own]);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
  }, 300_000);

  it('is not told of a file that reads from another than its image, nor of one that is gone', async () => {
    const [vmId, volumeId] = [await sut.defineVm(), await volume()];
    const secret = path.join(sut.state.diskDir, 'secret');
    writeFileSync(secret, Buffer.alloc(MIB, 's'));
    for (const file of [diskOf(vmId), volumeFile(volumeId)])
      execFileSync('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-b', secret, '-F', 'raw', file]);
    expect(await refusal('DISK', vmId)).toBe('DISK_REPLACED');
    expect(await refusal('VOLUME', volumeId)).toBe('VOLUME_REPLACED');
    renameSync(diskOf(vmId), `${diskOf(vmId)}.aside`);
    expect(await refusal('DISK', vmId)).toBe('DISK_MISSING');
    // Neither is told of the other's kind.
    expect(await refusal('VOLUME', vmId)).toBe('VOLUME_MISSING');
  }, 300_000);
});
