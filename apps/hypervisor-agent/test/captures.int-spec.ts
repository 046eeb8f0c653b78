// Images made of disks of VMs, by a real qemu-img. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { captureImage, ensureDisk, forceOffVm, inspectDisk, removeDisk, removeImage } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { complete } from './complete.ts';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const MIB = 1_048_576;
const TEXT = { encoding: 'utf8' } as const;

suite('an image that is made of the disk of a VM', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start({ diskSpace: '1g' });
  }, 300_000);
  afterAll(() => sut.stop(), 120_000);

  const diskOf = (vmId: string): string => path.join(sut.state.diskDir, `vm-${vmId}.qcow2`);
  const io = (file: string, command: string): string =>
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, file], TEXT);
  const library = (): string => path.join(sut.state.diskDir, 'images');
  const left = (imageId: string): string[] =>
    existsSync(library()) ? readdirSync(library()).filter((name) => name.includes(imageId)) : [];
  const asked = (vmId: string) => ({
    imageId: randomUUID(),
    fence: 1,
    vmId,
    name: 'ours',
    osFamily: 'linux',
    minMemoryMib: 64,
    reservePercent: 5,
  });
  type Asked = ReturnType<typeof asked>;
  const captured = (request: Asked) => complete(() => sut.agent.call(captureImage, request));

  it('holds what the disk held, names no other file and no VM, and is one that disks are made of', async () => {
    const source = await sut.defineVm();
    io(diskOf(source), 'write -P 5 1M 1M');
    const before = readFileSync(diskOf(source));
    const request = asked(source);
    // What an agent that was killed leaves is written anew.
    await captured(asked(source));
    writeFileSync(path.join(library(), `${request.imageId}.part`), 'half');
    const answer = await captured(request);
    const sha256 = answer.sha256 ?? '';
    const file = path.join(library(), `${sha256}.qcow2`);
    const bytes = readFileSync(file);
    expect(answer).toMatchObject({ progressPercent: 100, sizeBytes: bytes.length });
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    expect(bytes.includes(source)).toBe(false);
    expect(execFileSync('qemu-img', ['info', file], TEXT)).not.toContain('backing');
    expect(readFileSync(diskOf(source)).equals(before)).toBe(true);
    // It needs its VM no more, also when it is asked for again.
    expect(await sut.agent.call(removeDisk, { vmId: source, fence: 1 })).toEqual({ removed: true });
    expect(await captured(request)).toEqual(answer);
    const vmId = randomUUID();
    const capacityBytes = answer.virtualSizeBytes ?? 64 * MIB;
    await sut.agent.call(ensureDisk, { vmId, fence: 1, imageId: request.imageId, capacityBytes });
    expect(await sut.agent.call(inspectDisk, { vmId })).toMatchObject({ status: 'SOUND' });
    expect(io(diskOf(vmId), 'read -P 5 1M 1M')).not.toContain('Pattern verification failed');
    const onImage = { imageId: request.imageId, fence: 2, format: 'qcow2', sha256 } as const;
    expect(await sut.agent.refusal(removeImage, onImage)).toBe('IMAGE_IN_USE');
    expect(await sut.agent.refusal(captureImage, request)).toBe('STALE_FENCE');
  }, 300_000);

  it('finds the room that an attempt before has taken, and is not ended by the time that a server has', async () => {
    const source = await sut.defineVm();
    const request = { ...asked(source), reservePercent: 50 };
    mkdirSync(library(), { recursive: true });
    // Most of the pool: what an agent that was killed late in a large disk has left.
    writeFileSync(path.join(library(), `${request.imageId}.part`), Buffer.alloc(600 * MIB));
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const ofServers = (ms: number): AbortSignal => (ms === 21_600_000 ? AbortSignal.abort() : timeout(ms));
    const over = jest.spyOn(AbortSignal, 'timeout').mockImplementation(ofServers);
    try {
      expect(await captured(request)).toMatchObject({ progressPercent: 100 });
    } finally {
      over.mockRestore();
    }
  }, 300_000);

  it('takes its file along when it is removed by who has not heard yet which that is', async () => {
    const source = await sut.defineVm();
    io(diskOf(source), 'write -P 7 2M 1M');
    const request = asked(source);
    const file = path.join(library(), `${(await captured(request)).sha256 ?? ''}.qcow2`);
    expect(existsSync(file)).toBe(true);
    const removal = { imageId: request.imageId, fence: 2, format: 'qcow2', sha256: '0'.repeat(64) } as const;
    expect(await sut.agent.call(removeImage, removal)).toEqual({ removed: true });
    expect([existsSync(file), left(request.imageId)]).toEqual([false, []]);
    expect(await sut.agent.call(removeImage, removal)).toEqual({ removed: false });
  }, 300_000);

  it('takes its file along too when its agent was killed before it was an image', async () => {
    const source = await sut.defineVm();
    io(diskOf(source), 'write -P 8 2M 1M');
    const request = asked(source);
    const file = path.join(library(), `${(await captured(request)).sha256 ?? ''}.qcow2`);
    const manifest = path.join(library(), `${request.imageId}.json`);
    // The file has its name, and nothing says yet that it is there.
    renameSync(manifest, `${manifest}.new`);
    const removal = { imageId: request.imageId, fence: 2, format: 'qcow2', sha256: '0'.repeat(64) } as const;
    expect(await sut.agent.call(removeImage, removal)).toEqual({ removed: false });
    expect([existsSync(file), left(request.imageId)]).toEqual([false, []]);
    // Which file it is to be is written before it gets its name: where it can not get it, that is there already.
    mkdirSync(path.join(file, 'in the way'), { recursive: true });
    const again = asked(source);
    await expect(captured(again)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(left(again.imageId).sort()).toEqual([`${again.imageId}.json.new`, `${again.imageId}.part`]);
    rmSync(file, { recursive: true });
    await captured(again);
    expect([existsSync(file), left(again.imageId)]).toEqual([true, [`${again.imageId}.json`]]);
  }, 300_000);

  it('is refused of a VM that is on, or has no disk, and where there is no room; nothing is left then', async () => {
    const running = await sut.startVm();
    for (const request of [asked(running), asked(randomUUID())]) {
      await expect(captured(request)).rejects.toMatchObject({ code: 'CLONE_SOURCE_UNUSABLE' });
      expect(left(request.imageId)).toEqual([]);
    }
    await sut.agent.call(forceOffVm, { vmId: running, fence: 1 });
    const spacious = { ...asked(running), reservePercent: 100 };
    await expect(captured(spacious)).rejects.toMatchObject({ code: 'POOL_FULL' });
    expect(left(spacious.imageId)).toEqual([]);
    await captured(asked(running));
  }, 300_000);
});
