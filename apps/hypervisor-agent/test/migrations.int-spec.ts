// Guests that go from one libvirtd to another, each a host of its own. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  DomainError,
  abortMigration,
  attachVolume,
  endMigration,
  ensurePooledVolume,
  ensureVolume,
  finishMigration,
  forceOffVm,
  inspectDisk,
  inspectMigration,
  inspectMigrationWithVolumes,
  inspectVolume,
  inspectVm,
  migrateVm,
  migrateVmWithVolumes,
  prepareMigration,
  prepareMigrationWithVolumes,
  resumeVm,
  startVm,
  type Departure,
  type MigrationTarget,
  type TargetWithVolumes,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { volumeDiskXml } from '@infinibay/libvirt-xml';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const TEXT = { encoding: 'utf8' } as const;
const MOST_ASKED = 100;
const GIB = 1_073_741_824;

interface Of {
  readonly vmId: string;
  readonly fence: number;
  readonly migrationId: string;
}

suite('a guest that goes to another host', () => {
  let here: QemuAgent;
  let there: QemuAgent;
  let sharing: QemuAgent;
  beforeAll(async () => {
    here = await QemuAgent.start({ pool: 'fast' });
    there = await QemuAgent.start({ pool: 'fast', beside: here });
    sharing = await QemuAgent.start({ beside: here, sharesStorage: true });
  }, 300_000);
  afterAll(async () => {
    for (const host of [sharing, there, here]) await host.stop();
  }, 120_000);

  const diskOn = (host: QemuAgent, vmId: string): string => path.join(host.state.diskDir, `vm-${vmId}.qcow2`);
  const io = (file: string, command: string): string =>
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', command, file], TEXT);
  const isSound = async (host: QemuAgent, vmId: string): Promise<boolean> =>
    (await host.agent.call(inspectDisk, { vmId })).status === 'SOUND';
  const powerOn = async (host: QemuAgent, vmId: string): Promise<string | undefined> =>
    (await host.agent.call(inspectVm, { vmId })).domain?.power;
  /** A VM that is off, with something on its disk. */
  const written = async (): Promise<Of> => {
    const vmId = await here.defineVm();
    io(diskOn(here, vmId), 'write -P 7 1M 64k');
    return { vmId, fence: 2, migrationId: randomUUID() };
  };
  const volumeIn = (folder: string, id: string): string => path.join(folder, `volume-${id}.qcow2`);
  const isVolumeSound = async (host: QemuAgent, volumeId: string): Promise<boolean> =>
    (await host.agent.call(inspectVolume, { volumeId })).status === 'SOUND';
  /** The same with a volume in either pool, and something on each. @returns their ids, of the pool of the disks first */
  const writtenWithVolumes = async (): Promise<readonly [Of, string, string]> => {
    const of = await written();
    const [first, second] = [randomUUID(), randomUUID()];
    const made = { fence: 1, capacityBytes: GIB };
    await here.agent.call(ensureVolume, { ...made, volumeId: first });
    await here.agent.call(ensurePooledVolume, { ...made, volumeId: second, poolName: 'fast' });
    io(volumeIn(here.state.diskDir, first), 'write -P 8 700M 64k');
    io(volumeIn(here.poolDir, second), 'write -P 9 2M 64k');
    const { vmId, fence } = of;
    await here.agent.call(attachVolume, { vmId, fence, volumeId: first, target: 'vdb' });
    await here.agent.call(attachVolume, { vmId, fence, volumeId: second, target: 'vdd' });
    return [of, first, second];
  };
  const prepared = async (of: Of, to: QemuAgent): Promise<MigrationTarget> => {
    const source = await here.agent.call(inspectMigration, { vmId: of.vmId });
    return to.agent.call(prepareMigration, { ...of, source, seed: null, reservePercent: 0 });
  };
  /** The same of one that takes its volumes along. */
  const packed = async (of: Of, to: QemuAgent): Promise<TargetWithVolumes> => {
    const source = await here.agent.call(inspectMigrationWithVolumes, { vmId: of.vmId });
    return to.agent.call(prepareMigrationWithVolumes, { ...of, source, seed: null, reservePercent: 0 });
  };
  const carried = async (of: Of, target: TargetWithVolumes): Promise<Departure> => {
    for (let asked = 0; asked < MOST_ASKED; asked += 1) {
      const { departure } = await here.agent.call(migrateVmWithVolumes, { ...of, target });
      if (departure !== 'UNDER_WAY') return departure;
    }
    throw new Error('it does not leave');
  };
  const moved = async (of: Of, target: MigrationTarget): Promise<Departure> => {
    for (let asked = 0; asked < MOST_ASKED; asked += 1) {
      const { departure } = await here.agent.call(migrateVm, { ...of, target });
      if (departure !== 'UNDER_WAY') return departure;
    }
    throw new Error('it does not leave');
  };

  it('stands still there until it is let run on, and is started nowhere before', async () => {
    const of = await written();
    await here.agent.call(startVm, of);
    const target = await prepared(of, there);
    expect(await moved(of, target)).toBe('LEFT');
    expect([await powerOn(here, of.vmId), await powerOn(there, of.vmId)]).toEqual([undefined, 'paused']);
    expect(await here.agent.refusal(startVm, of)).toBe('VM_NOT_FOUND');
    expect(await there.agent.refusal(resumeVm, of)).toBe('VM_BUSY');
    // Its host knows that it has left, also when another agent is asked.
    await here.restartAgent();
    expect(await moved(of, target)).toBe('LEFT');
    expect((await here.agent.call(abortMigration, of)).departure).toBe('LEFT');

    for (const _twice of [1, 2])
      expect((await there.agent.call(finishMigration, { ...of, isOn: true })).power).toBe('running');
    expect(await isSound(there, of.vmId)).toBe(true);
    for (const removed of [true, false])
      expect(await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId })).toEqual({ removed });
    expect(existsSync(diskOn(here, of.vmId))).toBe(false);
    expect(existsSync(path.join(here.state.agentSocketDir, of.vmId))).toBe(false);
    await there.agent.call(forceOffVm, of);
    expect(io(diskOn(there, of.vmId), 'read -P 7 1M 64k')).not.toContain('Pattern verification failed');
    // It is a VM like any other there.
    expect((await there.agent.call(startVm, of)).power).toBe('running');
  }, 300_000);

  it('is moved without a processor that runs when it is off, and is off there', async () => {
    const of = await written();
    const target = await prepared(of, there);
    expect(await moved(of, target)).toBe('LEFT');
    expect((await there.agent.call(finishMigration, { ...of, isOn: false })).power).toBe('off');
    expect(io(diskOn(there, of.vmId), 'read -P 7 1M 64k')).not.toContain('Pattern verification failed');
    await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId });
    expect(existsSync(diskOn(here, of.vmId))).toBe(false);
  }, 300_000);

  it('runs on on its disk alone, and is switched off whatever has become of that', async () => {
    const of = await written();
    expect(await moved(of, await prepared(of, there))).toBe('LEFT');
    rmSync(diskOn(there, of.vmId));
    expect(await there.agent.refusal(finishMigration, { ...of, isOn: true })).toBe('DISK_MISSING');
    expect(await powerOn(there, of.vmId)).toBe('paused');
    expect((await there.agent.call(finishMigration, { ...of, isOn: false })).power).toBe('off');
  }, 300_000);

  it('keeps its disk where both hosts have it, whoever cleans up', async () => {
    const of = await written();
    await here.agent.call(startVm, of);
    const target = await prepared(of, sharing);
    const { storageId } = await here.agent.call(inspectMigration, { vmId: of.vmId });
    expect(target.storageId).toBe(storageId);
    expect(await moved(of, target)).toBe('LEFT');
    expect((await sharing.agent.call(finishMigration, { ...of, isOn: true })).power).toBe('running');
    await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId });
    expect(existsSync(diskOn(here, of.vmId))).toBe(true);
    expect(await isSound(sharing, of.vmId)).toBe(true);
    expect(readdirSync(here.state.diskDir).filter((name) => name.startsWith('.infinibay-arriving'))).toEqual([]);
  }, 300_000);

  it('does not go to a host that has a copy of its storage, with the same mark', async () => {
    const of = await written();
    const target = await prepared(of, sharing);
    rmSync(path.join(here.state.diskDir, `.infinibay-arriving-${of.migrationId}`));
    expect(await here.agent.refusal(migrateVm, { ...of, target })).toBe('VM_NOT_MIGRATABLE');
    expect((await here.agent.call(abortMigration, of)).departure).toBe('STAYED');
    await sharing.agent.call(endMigration, { ...of, otherStorageId: null });
    expect(existsSync(diskOn(here, of.vmId))).toBe(true);
    expect((await here.agent.call(startVm, of)).power).toBe('running');
  }, 120_000);

  it('goes on where it was when it can not leave, and only then may be started there', async () => {
    for (const isOn of [true, false]) {
      const of = await written();
      if (isOn) await here.agent.call(startVm, of);
      const target = await prepared(of, there);
      const nowhere = { ...target, libvirtUri: 'qemu+unix:///system?socket=/nonexistent/sock' };
      expect(await here.agent.refusal(migrateVm, { ...of, target: nowhere })).toBe('MIGRATION_FAILED');
      await here.agent.call(forceOffVm, of);
      expect(await here.agent.refusal(startVm, of)).toBe('VM_BUSY');
      expect((await here.agent.call(abortMigration, of)).departure).toBe('STAYED');
      expect(await powerOn(here, of.vmId)).toBe('off');
      expect((await here.agent.call(startVm, of)).power).toBe('running');
      await there.agent.call(endMigration, { ...of, otherStorageId: null });
      expect(existsSync(diskOn(there, of.vmId))).toBe(false);
    }
  }, 300_000);

  it('does not come where something is in the place of its disk', async () => {
    const of = await written();
    await prepared(of, there);
    const again = { ...of, migrationId: randomUUID() };
    await expect(prepared(again, there)).rejects.toMatchObject({ code: 'VM_BUSY' });
    await there.agent.call(endMigration, { ...of, otherStorageId: null });
    io(diskOn(here, of.vmId), 'write -P 8 1M 64k');
    execFileSync('cp', [diskOn(here, of.vmId), diskOn(there, of.vmId)]);
    await expect(prepared(again, there)).rejects.toMatchObject({
      code: 'VM_NOT_MIGRATABLE',
      details: { reason: 'DISK' },
    });
    expect(existsSync(diskOn(there, of.vmId))).toBe(true);
  }, 120_000);

  it('takes its volumes along, each into the pool of its name, whether it runs or not', async () => {
    for (const isOn of [true, false]) {
      const [of, first, second] = await writtenWithVolumes();
      if (isOn) await here.agent.call(startVm, of);
      const target = await packed(of, there);
      expect(target.volumes.map(({ poolName }) => poolName).sort()).toEqual(['default', 'fast']);
      expect(await carried(of, target)).toBe('LEFT');
      // Whoever knows of no volumes must not write that it has left.
      expect(await here.agent.refusal(migrateVm, { ...of, target })).toBe('HOST_UNAVAILABLE');
      // Nor is anything removed where it was before all of it is whole there.
      const arriving = volumeIn(there.poolDir, second);
      renameSync(arriving, `${arriving}-away`);
      expect(await there.agent.refusal(finishMigration, { ...of, isOn })).toBe('HOST_UNAVAILABLE');
      renameSync(`${arriving}-away`, arriving);
      await there.agent.call(finishMigration, { ...of, isOn });
      for (const id of [first, second]) expect(await isVolumeSound(there, id)).toBe(true);
      await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId });
      expect([volumeIn(here.state.diskDir, first), volumeIn(here.poolDir, second)].filter(existsSync)).toEqual([]);
      if (isOn) await there.agent.call(forceOffVm, of);
      const [arrivedFirst, arrivedSecond] = [volumeIn(there.state.diskDir, first), volumeIn(there.poolDir, second)];
      expect(io(arrivedFirst, 'read -P 8 700M 64k')).not.toContain('Pattern verification failed');
      expect(io(arrivedSecond, 'read -P 9 2M 64k')).not.toContain('Pattern verification failed');
      // They are volumes like any other there, by the definition and by what its agent knows of them.
      const attached = { vmId: of.vmId, fence: of.fence, volumeId: second, target: 'vdd' };
      expect(await there.agent.call(attachVolume, attached)).toEqual({ isLive: false });
      await there.restartAgent();
      expect((await there.agent.call(startVm, of)).power).toBe('running');
      expect(await there.agent.call(attachVolume, attached)).toEqual({ isLive: true });
      await there.agent.call(forceOffVm, of);
    }
  }, 300_000);

  it('shares a volume where both hosts have it, and takes another along beside it', async () => {
    const [of, first, second] = await writtenWithVolumes();
    await here.agent.call(startVm, of);
    const target = await packed(of, sharing);
    expect(await carried(of, target)).toBe('LEFT');
    expect((await sharing.agent.call(finishMigration, { ...of, isOn: true })).power).toBe('running');
    await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId });
    // The other host has no such pool: it is in the one that every host has, which is the same for both.
    expect([volumeIn(here.state.diskDir, first), volumeIn(here.state.diskDir, second)].filter(existsSync)).toHaveLength(
      2,
    );
    expect(existsSync(volumeIn(here.poolDir, second))).toBe(false);
    for (const id of [first, second]) expect(await isVolumeSound(sharing, id)).toBe(true);
    await sharing.agent.call(forceOffVm, of);
    expect(io(volumeIn(here.state.diskDir, second), 'read -P 9 2M 64k')).not.toContain('Pattern verification failed');
    expect(readdirSync(here.state.diskDir).filter((name) => name.startsWith('.infinibay-arriving'))).toEqual([]);
  }, 300_000);

  it('keeps its volumes where it was when that is taken back, with nothing of them elsewhere', async () => {
    const [of, first, second] = await writtenWithVolumes();
    await here.agent.call(startVm, of);
    const target = await packed(of, there);
    const nowhere = { ...target, libvirtUri: 'qemu+unix:///system?socket=/nonexistent/sock' };
    expect(await here.agent.refusal(migrateVmWithVolumes, { ...of, target: nowhere })).toBe('MIGRATION_FAILED');
    expect((await here.agent.call(abortMigration, of)).departure).toBe('STAYED');
    await there.agent.call(endMigration, { ...of, otherStorageId: null });
    expect([volumeIn(there.state.diskDir, first), volumeIn(there.poolDir, second)].filter(existsSync)).toEqual([]);
    for (const id of [first, second]) {
      expect(await isVolumeSound(here, id)).toBe(true);
      expect(await there.agent.call(inspectVolume, { volumeId: id })).toMatchObject({ status: 'ABSENT' });
    }
    // It may be asked for again.
    const again = { ...of, migrationId: randomUUID() };
    expect(await carried(again, await packed(again, there))).toBe('LEFT');
    await there.agent.call(finishMigration, { ...again, isOn: false });
    await here.agent.call(endMigration, { ...again, otherStorageId: target.storageId });
  }, 300_000);

  it('does not leave without a volume, nor with one that would lose what it holds, nor over what is there', async () => {
    const [of, first, second] = await writtenWithVolumes();
    const reason = (to: QemuAgent) =>
      packed(of, to).then(
        () => null,
        (error: unknown) => (error instanceof DomainError ? error.details['reason'] : error),
      );
    // In the words of before volumes went along.
    expect(await here.agent.refusal(inspectMigration, { vmId: of.vmId })).toBe('VM_NOT_MIGRATABLE');
    const target = { ...(await packed(of, there)), volumes: [] };
    expect(await here.agent.refusal(migrateVmWithVolumes, { ...of, target })).toBe('VM_NOT_MIGRATABLE');
    expect(await here.agent.refusal(migrateVm, { ...of, target })).toBe('VM_NOT_MIGRATABLE');
    await there.agent.call(endMigration, { ...of, otherStorageId: null });

    const inTheWay = volumeIn(there.poolDir, second);
    execFileSync('cp', [volumeIn(here.poolDir, second), inTheWay]);
    expect(await reason(there)).toBe('VOLUMES');
    expect([existsSync(inTheWay), existsSync(volumeIn(there.state.diskDir, first))]).toEqual([true, false]);
    rmSync(inTheWay);

    execFileSync('qemu-img', ['snapshot', '-c', 'kept', volumeIn(here.poolDir, second)]);
    expect(await reason(there)).toBe('SNAPSHOTS');
    execFileSync('qemu-img', ['snapshot', '-d', 'kept', volumeIn(here.poolDir, second)]);
    rmSync(volumeIn(here.state.diskDir, first));
    await expect(packed(of, there)).rejects.toMatchObject({
      code: 'VM_NOT_MIGRATABLE',
      details: { reason: 'VOLUMES', problem: 'VOLUME_MISSING' },
    });
  }, 120_000);

  it('does not leave with a volume that only its definition has: nobody would copy it', async () => {
    const of = await written();
    await here.agent.call(startVm, of);
    const volumeId = randomUUID();
    await here.agent.call(ensureVolume, { fence: 1, capacityBytes: GIB, volumeId });
    const file = volumeIn(here.state.diskDir, volumeId);
    io(file, 'write -P 8 1M 64k');
    const target = await packed(of, there);
    const libvirt = await Connection.open(here.uri);
    // As a guest leaves it that lets go of a disk long after it was asked to.
    await libvirt.domains.handle(of.vmId).attachDevice(volumeDiskXml(volumeId, file, 'vdb'), { config: true });
    await libvirt.close();
    expect(await here.agent.refusal(inspectMigrationWithVolumes, { vmId: of.vmId })).toBe('VM_NOT_MIGRATABLE');
    const place = {
      volumeId,
      poolName: 'default',
      storageId: target.storageId,
      path: volumeIn(there.state.diskDir, volumeId),
    };
    const lying = { ...target, volumes: [place] };
    expect(await here.agent.refusal(migrateVmWithVolumes, { ...of, target: lying })).toBe('VM_NOT_MIGRATABLE');
    expect((await here.agent.call(abortMigration, of)).departure).toBe('STAYED');
    await there.agent.call(endMigration, { ...of, otherStorageId: null });
    expect(io(file, 'read -P 8 1M 64k')).not.toContain('Pattern verification failed');
  }, 120_000);

  it('brings no volume that an earlier migration has still to remove', async () => {
    const [of, first, second] = await writtenWithVolumes();
    const target = await packed(of, there);
    const other = await written();
    await here.agent.call(attachVolume, { vmId: other.vmId, fence: other.fence, volumeId: first, target: 'vdb' });
    await expect(packed(other, there)).rejects.toMatchObject({ code: 'VM_BUSY' });
    // What is left of one that could not be removed yet is named by its migration until it is.
    const mark = path.join(there.poolDir, '.infinibay-storage');
    renameSync(mark, `${mark}-away`);
    const end = { ...of, otherStorageId: null };
    expect(await there.agent.refusal(endMigration, end)).toBe('STORAGE_UNAVAILABLE');
    renameSync(`${mark}-away`, mark);
    const arrivedFirst = volumeIn(there.state.diskDir, first);
    expect(existsSync(arrivedFirst)).toBe(false);
    expect((await packed(other, there)).volumes).toHaveLength(1);
    expect(existsSync(arrivedFirst)).toBe(true);
    expect(await there.agent.call(endMigration, end)).toEqual({ removed: true });
    expect(existsSync(arrivedFirst)).toBe(true);
    expect(existsSync(volumeIn(there.poolDir, second))).toBe(false);
    await there.agent.call(endMigration, { ...other, otherStorageId: null });
    expect([existsSync(arrivedFirst), target.volumes.length]).toEqual([false, 2]);
  }, 120_000);
});
