// Guests that go from one libvirtd to another, each a host of its own. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  abortMigration,
  endMigration,
  finishMigration,
  forceOffVm,
  inspectDisk,
  inspectMigration,
  inspectVm,
  migrateVm,
  prepareMigration,
  resumeVm,
  startVm,
  type Departure,
  type MigrationTarget,
} from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const TEXT = { encoding: 'utf8' } as const;
const MOST_ASKED = 100;

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
    here = await QemuAgent.start();
    there = await QemuAgent.start({ beside: here });
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
  const prepared = async (of: Of, to: QemuAgent): Promise<MigrationTarget> => {
    const source = await here.agent.call(inspectMigration, { vmId: of.vmId });
    return to.agent.call(prepareMigration, { ...of, source, seed: null, reservePercent: 0 });
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
});
