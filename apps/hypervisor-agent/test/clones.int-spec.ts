// Copies of the disks of real QEMU guests. Beside the sources, since it needs the stack's tools.
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import {
  captureImage,
  cloneDisk,
  createSnapshot,
  defineVm,
  deleteSnapshot,
  ensureDisk,
  forceOffVm,
  inspectDisk,
  removeDisk,
  removeImage,
  startVm,
  undefineVm,
} from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { complete } from './complete.ts';
import { QemuAgent, hasQemu, resizeTmpfs, vmSpec } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 5 };
const MIB = 1_048_576;
/** As the agent is started: what a spec loads is part of the spec's own process. */
const BUILT = path.join(import.meta.dirname, '../dist/disks/qemu-img.js');
const TEXT = { encoding: 'utf8' } as const;
/** qemu-img that takes its time while there is the file beside it: some MiB a second. */
const UNHURRIED = `#!/bin/sh
if [ "$1" = convert ] && [ -e "$0.slow" ]; then shift; exec /usr/bin/qemu-img convert -r 20M "$@"; fi
exec /usr/bin/qemu-img "$@"
`;

suite('a disk that is copied', () => {
  let sut: QemuAgent;
  const programs = mkdtempSync(path.join(tmpdir(), 'infinibay-clones-'));
  const qemuImg = path.join(programs, 'qemu-img');
  // jest gives specs a copy, and the agent's programs are started with the real one.
  const { env } = runInThisContext('process') as NodeJS.Process;
  const { PATH: usual } = env;
  beforeAll(async () => {
    writeFileSync(qemuImg, UNHURRIED, { mode: 0o755 });
    env['PATH'] = `${programs}:${usual ?? ''}`;
    sut = await QemuAgent.start({ diskSpace: '1g' });
  }, 300_000);
  afterEach(() => rmSync(`${qemuImg}.slow`, { force: true }));
  afterAll(async () => {
    await sut.stop();
    env['PATH'] = usual;
    rmSync(programs, { recursive: true });
  }, 120_000);

  const diskOf = (vmId: string): string => path.join(sut.state.diskDir, `vm-${vmId}.qcow2`);
  const io = (file: string, ...commands: string[]): string =>
    execFileSync('qemu-io', ['-f', 'qcow2', ...commands.flatMap((one) => ['-c', one]), file], TEXT);
  const write = (vmId: string, pattern: number): unknown => io(diskOf(vmId), `write -P ${pattern} 1M 1M`);
  /** qemu-io says so when the bytes differ, and ends well all the same. */
  const holds = (vmId: string, pattern: number): boolean =>
    !io(diskOf(vmId), `read -P ${pattern} 1M 1M`).includes('Pattern verification failed');
  const filesOf = (vmId: string): string[] => readdirSync(sut.state.diskDir).filter((name) => name.includes(vmId));
  const asked = (sourceVmId: string, snapshotId: string | null = null) => ({
    vmId: randomUUID(),
    fence: 1,
    sourceVmId,
    snapshotId,
    reservePercent: 5,
  });
  type Asked = ReturnType<typeof asked>;
  const copied = (request: Asked) => complete(() => sut.agent.call(cloneDisk, request));
  const taken = async (vmId: string): Promise<string> => {
    const request = { vmId, fence: 1, snapshotId: randomUUID(), withMemory: false, volumeIds: [] };
    await complete(() => sut.agent.call(createSnapshot, request));
    return request.snapshotId;
  };
  /** A VM whose disk takes long to be copied. */
  const large = async (): Promise<string> => {
    const vmId = randomUUID();
    await sut.agent.call(ensureDisk, { vmId, fence: 1, imageId: sut.imageId, capacityBytes: 512 * MIB });
    await sut.agent.call(defineVm, { fence: 1, spec: vmSpec(vmId) });
    io(diskOf(vmId), 'write -P 7 1M 150M');
    return vmId;
  };
  const commandOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      // It has ended since it was listed.
      return '';
    }
  };
  const programsFor = (about: string): string[] =>
    readdirSync('/proc').filter((name) => {
      const command = /^\d+$/.test(name) ? commandOf(name) : '';
      return command.split('\0')[0]?.endsWith('qemu-img') === true && command.includes(about);
    });
  /** It is asked for, and some of it is written, and not all, when this resolves. */
  const begun = async (request: Asked): Promise<void> => {
    writeFileSync(`${qemuImg}.slow`, '');
    const copy = `${diskOf(request.vmId)}.copy`;
    // The agent answers a second before its time is over. Where it stands still for that long, it is asked again.
    const isBegun = async (): Promise<boolean> => {
      await sut.agent.call(cloneDisk, request, 2_000);
      return existsSync(copy) && statSync(copy).size > 4 * MIB;
    };
    await pollUntil(isBegun, { ...PATIENCE, what: 'the copy to begin' });
    expect(existsSync(diskOf(request.vmId))).toBe(false);
    rmSync(`${qemuImg}.slow`);
  };

  it('is what the other holds, or held at a snapshot, says whose it is, and neither changes with the other', async () => {
    const source = await sut.defineVm();
    write(source, 5);
    const snapshotId = await taken(source);
    write(source, 6);
    io(diskOf(source), 'write -z 4M 64k');
    const before = readFileSync(diskOf(source));
    const [now, then] = [asked(source), asked(source, snapshotId)];
    for (const request of [now, then]) {
      expect(await copied(request)).toEqual({ isComplete: true, progressPercent: 100 });
      // Sent again, it is there.
      expect(await copied(request)).toEqual({ isComplete: true, progressPercent: 100 });
      expect(await sut.agent.call(inspectDisk, { vmId: request.vmId })).toMatchObject({ status: 'SOUND' });
      execFileSync('qemu-img', ['check', '-q', diskOf(request.vmId)]);
      expect(filesOf(request.vmId)).toHaveLength(1);
    }
    expect(readFileSync(diskOf(source)).equals(before)).toBe(true);
    expect([holds(now.vmId, 6), holds(then.vmId, 5)]).toEqual([true, true]);
    const backing = (vmId: string) =>
      /backing file: .*/.exec(execFileSync('qemu-img', ['info', diskOf(vmId)], TEXT))?.[0];
    expect(backing(now.vmId)).toBe(backing(source));
    expect(backing(now.vmId)).toContain(sut.imageId);
    write(now.vmId, 9);
    write(source, 8);
    expect([holds(now.vmId, 9), holds(source, 8), holds(then.vmId, 5)]).toEqual([true, true, true]);
    // It boots, and is the only one that has a lock on what it is.
    await sut.agent.call(defineVm, { fence: 1, spec: vmSpec(now.vmId) });
    for (const vmId of [source, now.vmId])
      expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    for (const vmId of [source, now.vmId]) await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    await complete(() => sut.agent.call(deleteSnapshot, { vmId: source, fence: 1, snapshotId, volumeIds: [] }));
    expect(holds(then.vmId, 5)).toBe(true);
  }, 300_000);

  it('of one that was made independent of its image is so too', async () => {
    const source = await sut.defineVm();
    write(source, 3);
    execFileSync('qemu-img', ['rebase', '-q', '-f', 'qcow2', '-b', '', diskOf(source)]);
    const request = asked(source);
    await copied(request);
    expect(holds(request.vmId, 3)).toBe(true);
    expect(execFileSync('qemu-img', ['info', diskOf(request.vmId)], TEXT)).not.toContain('backing');
    expect(await sut.agent.call(inspectDisk, { vmId: request.vmId })).toMatchObject({ status: 'SOUND' });
  }, 120_000);

  it('is refused of what can not be read as one, and then nothing is left', async () => {
    const running = await sut.startVm();
    const [gone, replaced, off] = [await sut.defineVm(), await sut.defineVm(), await sut.defineVm()];
    const snapshotId = await taken(running).catch(() => randomUUID());
    renameSync(diskOf(gone), `${diskOf(gone)}.aside`);
    writeFileSync(diskOf(replaced), 'no disk');
    const requests = [asked(running), asked(running, snapshotId), asked(gone), asked(replaced), asked(randomUUID())];
    const itself = randomUUID();
    for (const request of [...requests, asked(off, randomUUID()), { ...asked(itself), vmId: itself }]) {
      expect(await sut.agent.refusal(cloneDisk, request)).toBe('CLONE_SOURCE_UNUSABLE');
      expect(filesOf(request.vmId)).toEqual([]);
    }
    await sut.agent.call(forceOffVm, { vmId: running, fence: 1 });
    const late = asked(running);
    await copied(late);
    expect(await sut.agent.refusal(cloneDisk, { ...late, fence: 0 })).toBe('STALE_FENCE');
    // Made once: another is not put in its place.
    renameSync(diskOf(late.vmId), `${diskOf(late.vmId)}.aside`);
    expect(await sut.agent.refusal(cloneDisk, late)).toBe('DISK_MISSING');
    writeFileSync(diskOf(off), readFileSync(diskOf(running)));
    expect(await sut.agent.refusal(cloneDisk, { ...asked(running), vmId: off })).toBe('DISK_REPLACED');
  }, 120_000);

  it('keeps the other from being started, removed and reverted until it is there, and all who ask join it', async () => {
    const source = await large();
    const request = asked(source);
    await begun(request);
    const onSource = { vmId: source, fence: 1 };
    const refusals = await Promise.all([
      sut.agent.refusal(startVm, onSource),
      sut.agent.refusal(removeDisk, onSource),
      sut.agent.refusal(deleteSnapshot, { ...onSource, snapshotId: randomUUID(), volumeIds: [] }),
    ]);
    expect([programsFor(request.vmId).length, refusals]).toEqual([1, ['VM_BUSY', 'VM_BUSY', 'VM_BUSY']]);
    const { progressPercent } = await sut.agent.call(cloneDisk, request);
    expect(progressPercent).toBeGreaterThan(0);
    const answers = await Promise.all([copied(request), copied(request), copied(request)]);
    expect(answers.map(({ isComplete }) => isComplete)).toEqual([true, true, true]);
    expect(holds(request.vmId, 7)).toBe(true);
    expect(await sut.agent.call(startVm, onSource)).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, onSource);
    for (const vmId of [source, request.vmId]) {
      await sut.agent.call(undefineVm, { vmId, fence: 1 });
      expect(await sut.agent.call(removeDisk, { vmId, fence: 1 })).toEqual({ removed: true });
      expect(filesOf(vmId)).toEqual([]);
    }
  }, 300_000);

  it('is given up when its VM goes: no program, no file and no lock is left', async () => {
    const source = await large();
    const request = asked(source);
    await begun(request);
    expect(await sut.agent.call(removeDisk, { vmId: request.vmId, fence: 2 })).toEqual({ removed: false });
    expect([programsFor(request.vmId), filesOf(request.vmId)]).toEqual([[], []]);
    // Who comes too late begins it for nobody.
    expect(await sut.agent.refusal(cloneDisk, request)).toBe('STALE_FENCE');
    expect(await sut.agent.call(startVm, { vmId: source, fence: 1 })).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, { vmId: source, fence: 1 });
    expect(await sut.agent.call(removeDisk, { vmId: source, fence: 1 })).toEqual({ removed: true });
  }, 300_000);

  it('whose agent ends half-way is begun anew by the next, and whose program is killed by who asks again', async () => {
    const source = await large();
    const request = asked(source);
    await begun(request);
    await sut.restartAgent();
    expect([programsFor(request.vmId), existsSync(diskOf(request.vmId))]).toEqual([[], false]);
    // What an agent that was killed leaves.
    writeFileSync(`${diskOf(request.vmId)}.copy`, 'half');
    await begun(request);
    for (const pid of programsFor(request.vmId)) process.kill(Number(pid), 'SIGKILL');
    await pollUntil(() => programsFor(request.vmId).length === 0, { ...PATIENCE, what: 'the program to end' });
    await pollUntil(
      () =>
        copied(request).then(
          () => true,
          () => false,
        ),
      { ...PATIENCE, what: 'the copy' },
    );
    expect(holds(request.vmId, 7)).toBe(true);
    execFileSync('qemu-img', ['check', '-q', diskOf(request.vmId)]);
    expect(filesOf(request.vmId)).toHaveLength(1);
    for (const vmId of [source, request.vmId]) await sut.agent.call(removeDisk, { vmId, fence: 1 });
  }, 300_000);

  it('is held too while an image is made of it, which is begun anew after its agent and ends when it is given up', async () => {
    const source = await large();
    const about = { name: 'ours', osFamily: 'linux', minMemoryMib: 64, reservePercent: 5 };
    const request = { ...about, imageId: randomUUID(), fence: 1, vmId: source };
    const part = path.join(sut.state.diskDir, 'images', `${request.imageId}.part`);
    const underWay = async (): Promise<void> => {
      writeFileSync(`${qemuImg}.slow`, '');
      const isUnderWay = async (): Promise<boolean> => {
        await sut.agent.call(captureImage, request, 2_000);
        return programsFor(request.imageId).length === 1;
      };
      await pollUntil(isUnderWay, { ...PATIENCE, what: 'the copy to begin' });
    };
    await underWay();
    const onSource = { vmId: source, fence: 1 };
    expect(await sut.agent.refusal(startVm, onSource)).toBe('VM_BUSY');
    expect(await sut.agent.refusal(removeDisk, onSource)).toBe('VM_BUSY');
    await sut.restartAgent();
    expect(programsFor(request.imageId)).toEqual([]);
    await underWay();
    const removed = { imageId: request.imageId, fence: 2, format: 'qcow2', sha256: '0'.repeat(64) } as const;
    expect(await sut.agent.call(removeImage, removed)).toEqual({ removed: false });
    expect([programsFor(request.imageId), existsSync(part)]).toEqual([[], false]);
    expect(await sut.agent.call(startVm, onSource)).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, onSource);
    await sut.agent.call(removeDisk, onSource);
  }, 300_000);

  it('whose agent is killed is written to by nobody any more', async () => {
    const vmId = await large();
    const copy = path.join(programs, 'copy.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', copy, String(512 * MIB)]);
    writeFileSync(`${qemuImg}.slow`, '');
    const args = ['-n', '-f', 'qcow2', '-O', 'qcow2', '--target-is-zero', diskOf(vmId), copy];
    const lines = [
      `import { qemuImgConvert } from ${JSON.stringify(pathToFileURL(BUILT).href)};`,
      `await qemuImgConvert(${JSON.stringify(args)}, {}, new AbortController().signal, () => undefined);`,
    ];
    const agent = spawn(process.execPath, ['--input-type=module', '-e', lines.join('\n')], {
      env: { PATH: env['PATH'] ?? '' },
      stdio: 'inherit',
    });
    await pollUntil(() => statSync(copy).size > 4 * MIB, { ...PATIENCE, what: 'the copy to begin' });
    expect(programsFor(copy)).toHaveLength(1);
    agent.kill('SIGKILL');
    await pollUntil(() => programsFor(copy).length === 0, { ...PATIENCE, what: 'the program to end' });
    expect(statSync(copy).size).toBeLessThan(100 * MIB);
    await sut.agent.call(removeDisk, { vmId, fence: 1 });
  }, 120_000);

  it('is refused the room that another is to take up yet', async () => {
    const source = await large();
    const first = asked(source);
    // One of the two leaves so much free, and both do not.
    const second = { ...asked(source), reservePercent: 63 };
    await begun(first);
    expect(await sut.agent.refusal(cloneDisk, second)).toBe('POOL_FULL');
    await sut.agent.call(removeDisk, { vmId: first.vmId, fence: 2 });
    await copied(second);
    expect(holds(second.vmId, 7)).toBe(true);
    for (const vmId of [source, second.vmId]) await sut.agent.call(removeDisk, { vmId, fence: 2 });
  }, 300_000);

  it('is refused where the pool would not keep its reserve, and leaves nothing when it runs full all the same', async () => {
    const source = await large();
    const spacious = asked(source);
    const refusal = await sut.agent.refusal(cloneDisk, { ...spacious, reservePercent: 80 });
    expect([refusal, filesOf(spacious.vmId)]).toEqual(['POOL_FULL', []]);
    // What an attempt that was killed has left is written anew, and does not count as taken.
    writeFileSync(`${diskOf(spacious.vmId)}.copy`, Buffer.alloc(400 * MIB));
    await copied({ ...spacious, reservePercent: 50 });
    await sut.agent.call(removeDisk, { vmId: spacious.vmId, fence: 2 });
    const request = { ...asked(source), reservePercent: 0 };
    await begun(request);
    // Somebody else takes it meanwhile.
    resizeTmpfs(sut.state.diskDir, '190m');
    await expect(copied(request)).rejects.toMatchObject({ code: 'POOL_FULL' });
    expect(filesOf(request.vmId)).toEqual([]);
    resizeTmpfs(sut.state.diskDir, '1g');
    await copied(request);
    expect(holds(request.vmId, 7)).toBe(true);
  }, 300_000);
});
