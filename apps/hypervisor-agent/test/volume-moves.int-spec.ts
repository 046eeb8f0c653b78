// Volumes that real QEMU guests have while they go from pool to pool. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  abortVolumeMove,
  attachVolume,
  cloneVolume,
  detachVolume,
  ensurePooledVolume,
  ensureVolume,
  forceOffVm,
  inspectVolume,
  moveVolume,
  removeVolume,
} from '@infinibay/contracts';
import { Connection, type Domain } from '@infinibay/libvirt';
import { disksOf } from '@infinibay/libvirt-xml';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500 };
const MIB = 1_048_576;
/** A guest takes minutes to copy them, unless it is let go faster. */
const WRITTEN = ['write -P 7 1M 150M', 'write -P 9 200M 8M'];
const READ = ['read -P 7 1M 150M', 'read -P 9 200M 8M', 'read -P 0 151M 49M'];
const CAPACITY_BYTES = 256 * MIB;

suite('a volume that is moved', () => {
  let sut: QemuAgent;
  let libvirt: Connection;
  beforeAll(async () => {
    sut = await QemuAgent.start({ pool: 'fast' });
    libvirt = await Connection.open(sut.uri);
  }, 300_000);
  afterAll(async () => {
    await libvirt.close();
    await sut.stop();
  }, 120_000);

  const domainOf = (id: string): Domain => libvirt.domains.handle(id);
  const fileIn = (pool: 'default' | 'fast', volumeId: string): string =>
    path.join(pool === 'fast' ? sut.poolDir : sut.state.diskDir, `volume-${volumeId}.qcow2`);
  const io = (file: string, commands: readonly string[]): string =>
    execFileSync('qemu-io', ['-f', 'qcow2', ...commands.flatMap((one) => ['-c', one]), file], { encoding: 'utf8' });
  /** Whether the bytes are those that were written; qemu-io tells what differs and fails. */
  const requireBytes = (file: string): void => {
    execFileSync('qemu-img', ['check', '-q', file]);
    expect(io(file, READ)).not.toContain('Pattern verification failed');
  };
  /** In the pool that every host has, with bytes. */
  const written = async (): Promise<string> => {
    const volumeId = randomUUID();
    await sut.agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: CAPACITY_BYTES });
    io(fileIn('default', volumeId), WRITTEN);
    return volumeId;
  };
  const move = (volumeId: string, vmId: string | null, poolName = 'fast') =>
    sut.agent.call(moveVolume, { volumeId, fence: 1, poolName, vmId, reservePercent: 0 });
  const moved = (volumeId: string, vmId: string | null, poolName = 'fast') =>
    pollUntil(async () => (await move(volumeId, vmId, poolName)).isComplete, { ...PATIENCE, what: 'the move' });
  const requireOnlyIn = (pool: 'default' | 'fast', volumeId: string): void => {
    const other = pool === 'fast' ? 'default' : 'fast';
    expect(existsSync(fileIn(pool, volumeId))).toBe(true);
    expect(readdirSync(path.dirname(fileIn(other, volumeId))).filter((name) => name.includes(volumeId))).toEqual([]);
  };
  const fileAt = async (vmId: string, inactive: boolean) =>
    disksOf(await domainOf(vmId).xmlDesc({ inactive })).find(({ target }) => target === 'vdb')?.file;
  /** With a guest that runs on it. */
  const attached = async (): Promise<{ vmId: string; volumeId: string }> => {
    const [vmId, volumeId] = [await sut.startVm(), await written()];
    await sut.agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    return { vmId, volumeId };
  };
  /** Its copy has begun, and is far from its end. */
  const slowly = async (vmId: string, volumeId: string): Promise<void> => {
    expect((await move(volumeId, vmId)).isComplete).toBe(false);
    expect(await domainOf(vmId).disk('vdb').job()).toMatchObject({ kind: 'copy' });
  };

  it('keeps its bytes while nobody has it, there and back, and is made in a pool that is named', async () => {
    const volumeId = await written();
    const asked = { volumeId, fence: 1, poolName: 'fast', vmId: null, reservePercent: 0 };
    expect(await sut.agent.refusal(moveVolume, { ...asked, poolName: 'nowhere' })).toBe('POOL_NOT_FOUND');
    expect(await sut.agent.refusal(moveVolume, { ...asked, reservePercent: 100 })).toBe('POOL_FULL');
    requireOnlyIn('default', volumeId);
    // What an attempt before has left is written over.
    writeFileSync(`${fileIn('fast', volumeId)}.copy`, 'half a copy');
    await moved(volumeId, null);
    requireOnlyIn('fast', volumeId);
    requireBytes(fileIn('fast', volumeId));
    await sut.restartAgent();
    expect(await sut.agent.call(inspectVolume, { volumeId })).toMatchObject({ status: 'SOUND' });
    await moved(volumeId, null, 'default');
    requireOnlyIn('default', volumeId);
    requireBytes(fileIn('default', volumeId));

    const there = randomUUID();
    await sut.agent.call(ensurePooledVolume, { volumeId: there, fence: 1, poolName: 'fast', capacityBytes: 8 * MIB });
    requireOnlyIn('fast', there);
    expect(await sut.agent.call(removeVolume, { volumeId: there, fence: 1 })).toEqual({ removed: true });
  }, 240_000);

  it('keeps its bytes under the guest that runs on it, whoever of agent and libvirtd dies meanwhile', async () => {
    const { vmId, volumeId } = await attached();
    await slowly(vmId, volumeId);
    expect(await sut.agent.refusal(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' })).toBe('VM_BUSY');
    await sut.restartAgent();
    sut.signalDaemon('SIGKILL');
    await libvirt.close().catch(() => undefined);
    libvirt = await pollUntil(() => Connection.open(sut.uri), { ...PATIENCE, what: 'the daemon' });
    await pollUntil(() => move(volumeId, vmId), { ...PATIENCE, what: 'the agent to go on with it' });
    expect(await fileAt(vmId, false)).toBe(fileIn('default', volumeId));
    await domainOf(vmId).disk('vdb').setJobSpeed(0);
    await moved(volumeId, vmId);
    for (const inactive of [true, false]) expect(await fileAt(vmId, inactive)).toBe(fileIn('fast', volumeId));
    requireOnlyIn('fast', volumeId);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    requireBytes(fileIn('fast', volumeId));
    expect(await sut.agent.call(detachVolume, { vmId, fence: 1, volumeId, target: 'vdb' })).toEqual({
      isDetached: true,
    });
  }, 400_000);

  it('is where it was when the move is ended, or its guest dies before it has changed over', async () => {
    const { vmId, volumeId } = await attached();
    await slowly(vmId, volumeId);
    const abort = { volumeId, fence: 1 };
    for (const _ of [1, 2]) expect(await sut.agent.call(abortVolumeMove, abort)).toEqual({ poolName: 'default' });
    expect(await domainOf(vmId).disk('vdb').job()).toBeNull();
    requireOnlyIn('default', volumeId);
    await slowly(vmId, volumeId);
    sut.signalVm(vmId, 'SIGKILL');
    const asked = { volumeId, fence: 1, poolName: 'fast', vmId, reservePercent: 0 };
    await pollUntil(async () => (await sut.agent.refusal(moveVolume, asked).catch(() => '')) === 'VOLUME_BUSY', {
      ...PATIENCE,
      what: 'the end of the copy',
    });
    expect(await sut.agent.call(abortVolumeMove, abort)).toEqual({ poolName: 'default' });
    requireOnlyIn('default', volumeId);
    requireBytes(fileIn('default', volumeId));
  }, 400_000);

  it('can be cloned into another pool while nobody has it, twice at once', async () => {
    const [sourceVolumeId, ...volumeIds] = [await written(), randomUUID(), randomUUID()];
    const cloned = (volumeId: string) =>
      pollUntil(
        async () => {
          const request = { volumeId, fence: 1, sourceVolumeId, poolName: 'fast', reservePercent: 0 };
          const answer = await sut.agent.call(cloneVolume, request);
          return answer.isComplete ? answer : null;
        },
        { ...PATIENCE, what: 'the clone' },
      );
    for (const { capacityBytes } of await Promise.all(volumeIds.map(cloned)))
      expect(capacityBytes).toBe(CAPACITY_BYTES);
    requireBytes(fileIn('default', sourceVolumeId));
    for (const volumeId of volumeIds) {
      requireBytes(fileIn('fast', volumeId));
      requireOnlyIn('fast', volumeId);
    }
    requireOnlyIn('default', sourceVolumeId);
  }, 120_000);
});
