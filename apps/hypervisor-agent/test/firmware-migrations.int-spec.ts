// What UEFI and a TPM of a guest keep goes along to another host. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import {
  PLAIN_HARDWARE,
  abortMigration,
  defineMachine,
  endMigration,
  finishMigration,
  forceOffVm,
  inspectMigration,
  inspectMigrationWithVolumes,
  migrateVmWithVolumes,
  prepareMigrationWithVolumes,
  startVm,
  type Departure,
  type TargetWithVolumes,
  type VmHardware,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { variablesFileName } from '@infinibay/libvirt-xml';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu, vmSpec } from './qemu-agent.ts';

const HAS_FIRMWARE = ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/bin/swtpm', '/usr/bin/swtpm_setup'].every(existsSync);
const suite = hasQemu && HAS_FIRMWARE ? describe : describe.skip;
const MOST_ASKED = 100;
const SECURE: VmHardware = { ...PLAIN_HARDWARE, machine: 'Q35', firmware: 'UEFI_SECURE_BOOT', tpm: true };
/** In the flash, behind what the firmware has any use for: it writes nothing there. */
const SPARE_AT = 520_000;
const MARK = 'what only this guest has in its variables';
/** No two new TPMs have as much in common, whatever their file is like. */
const OWN_BYTES = 256;

interface Of {
  readonly vmId: string;
  readonly fence: number;
  readonly migrationId: string;
}

suite('what the firmware of a guest keeps', () => {
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

  const variablesOn = (host: QemuAgent, vmId: string): string =>
    path.join(host.state.diskDir, variablesFileName(vmId, 'UEFI_SECURE_BOOT'));
  const tpmOn = (host: QemuAgent, vmId: string): string => path.join(host.state.libvirtDir, 'lib', 'swtpm', vmId);
  const tpmContents = (host: QemuAgent, vmId: string): Buffer =>
    readFileSync(path.join(tpmOn(host, vmId), 'tpm2', 'tpm2-00.permall'));
  const hasMark = (file: string): boolean =>
    readFileSync(file)
      .subarray(SPARE_AT, SPARE_AT + MARK.length)
      .toString() === MARK;

  /** A VM that is off and has been on, so that it has what its firmware keeps; something of its own is in the variables. */
  const made = async (hardware = SECURE): Promise<Of> => {
    const vmId = await here.defineVm();
    const of = { vmId, fence: 2, migrationId: randomUUID() };
    const spec = { ...vmSpec(vmId), memoryMib: 128 };
    await here.agent.call(defineMachine, { fence: 2, spec, hardware });
    await here.agent.call(startVm, of);
    await here.agent.call(forceOffVm, of);
    if (hardware.firmware === 'BIOS') return of;
    const file = openSync(path.join(here.state.diskDir, variablesFileName(vmId, hardware.firmware)), 'r+');
    writeSync(file, MARK, SPARE_AT);
    closeSync(file);
    return of;
  };
  const prepared = async (of: Of, to: QemuAgent): Promise<TargetWithVolumes> => {
    const source = await here.agent.call(inspectMigrationWithVolumes, { vmId: of.vmId });
    return to.agent.call(prepareMigrationWithVolumes, { ...of, source, seed: null, reservePercent: 0 });
  };
  const moved = async (of: Of, target: TargetWithVolumes): Promise<Departure> => {
    for (let asked = 0; asked < MOST_ASKED; asked += 1) {
      const { departure } = await here.agent.call(migrateVmWithVolumes, { ...of, target });
      if (departure !== 'UNDER_WAY') return departure;
    }
    throw new Error('it does not leave');
  };
  /** Whether a long piece of one is in the other, at any place. */
  const haveInCommon = (one: Buffer, other: Buffer): boolean => {
    for (let at = 0; at + OWN_BYTES <= one.length; at += OWN_BYTES)
      if (isOwn(one.subarray(at, at + OWN_BYTES)) && other.includes(one.subarray(at, at + OWN_BYTES))) return true;
    return false;
  };
  /** Neither padding nor what is the same in all. */
  const isOwn = (piece: Buffer): boolean => new Set(piece).size > OWN_BYTES / 4;

  it('goes along with a guest that runs on, and is gone where it was', async () => {
    const strangers: Buffer[] = [];
    for (const _again of [1, 2]) {
      const of = await made();
      const tpm = tpmContents(here, of.vmId);
      await here.agent.call(startVm, of);
      const target = await prepared(of, there);
      expect(await moved(of, target)).toBe('LEFT');
      await there.agent.call(finishMigration, { ...of, isOn: true });
      await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId });
      expect([variablesOn(here, of.vmId), tpmOn(here, of.vmId)].filter(existsSync)).toEqual([]);
      await there.agent.call(forceOffVm, of);
      expect(hasMark(variablesOn(there, of.vmId))).toBe(true);
      const arrived = tpmContents(there, of.vmId);
      expect(haveInCommon(tpm, arrived)).toBe(true);
      // As a new one would not.
      for (const stranger of strangers) expect(haveInCommon(stranger, arrived)).toBe(false);
      strangers.push(tpm);
      // It is a VM like any other there.
      expect((await there.agent.call(startVm, of)).power).toBe('running');
      await there.agent.call(forceOffVm, of);
      expect(hasMark(variablesOn(there, of.vmId))).toBe(true);
    }
  }, 300_000);

  it('is a TPM that goes along with one that is off, and no variables of UEFI, which nobody would write there', async () => {
    const of = await made({ ...PLAIN_HARDWARE, tpm: true });
    const tpm = tpmContents(here, of.vmId);
    const target = await prepared(of, there);
    expect(await moved(of, target)).toBe('LEFT');
    await there.agent.call(finishMigration, { ...of, isOn: false });
    await here.agent.call(endMigration, { ...of, otherStorageId: target.storageId });
    expect(existsSync(tpmOn(here, of.vmId))).toBe(false);
    expect(haveInCommon(tpm, tpmContents(there, of.vmId))).toBe(true);
    expect((await there.agent.call(startVm, of)).power).toBe('running');
    await there.agent.call(forceOffVm, of);
    expect(haveInCommon(tpm, tpmContents(there, of.vmId))).toBe(true);

    const uefi = await made();
    const asked = { ...uefi, target: await prepared(uefi, there) };
    await expect(here.agent.call(migrateVmWithVolumes, asked)).rejects.toMatchObject({
      code: 'VM_NOT_MIGRATABLE',
      details: { reason: 'FIRMWARE_STATE' },
    });
    expect((await here.agent.call(abortMigration, uefi)).departure).toBe('STAYED');
    await there.agent.call(endMigration, { ...uefi, otherStorageId: null });
    expect(hasMark(variablesOn(here, uefi.vmId))).toBe(true);
    expect((await here.agent.call(startVm, uefi)).power).toBe('running');
    await here.agent.call(forceOffVm, uefi);
  }, 300_000);

  it('stays where both hosts have it, whoever cleans up', async () => {
    const of = await made();
    await here.agent.call(startVm, of);
    // It does not go with what libvirt has left of the definition there.
    const left = { ...of, migrationId: randomUUID() };
    await prepared(left, sharing);
    const [source, other] = [await Connection.open(here.uri), await Connection.open(sharing.uri)];
    const definition = await source.domains.handle(of.vmId).xmlDesc({ inactive: true });
    await other.domains.defineXml(definition);
    await Promise.all([source.close(), other.close()]);
    expect(await sharing.agent.call(endMigration, { ...left, otherStorageId: null })).toEqual({ removed: true });
    expect(hasMark(variablesOn(here, of.vmId))).toBe(true);

    const again = { ...of, migrationId: randomUUID() };
    const target = await prepared(again, sharing);
    expect(await moved(again, target)).toBe('LEFT');
    await sharing.agent.call(finishMigration, { ...again, isOn: true });
    await here.agent.call(endMigration, { ...again, otherStorageId: target.storageId });
    await sharing.agent.call(forceOffVm, again);
    expect(hasMark(variablesOn(here, of.vmId))).toBe(true);
    expect((await sharing.agent.call(startVm, again)).power).toBe('running');
  }, 300_000);

  it('stays with the guest when that is taken back on its way, with nothing of it elsewhere', async () => {
    for (const to of [there, sharing]) {
      const of = await made();
      const tpm = tpmContents(here, of.vmId);
      await here.agent.call(startVm, of);
      // Slowly enough to be met: MiB a second.
      execFileSync('virsh', ['-c', here.uri, 'migrate-setspeed', of.vmId, '1']);
      const target = await prepared(of, to);
      await here.agent.call(migrateVmWithVolumes, { ...of, target });
      // What libvirt makes there; the variables are the source's own where both have the storage.
      const theirs = [tpmOn(to, of.vmId), ...(to === there ? [variablesOn(to, of.vmId)] : [])];
      await pollUntil(() => theirs.every(existsSync), { what: 'a guest that comes', timeoutMs: 60_000 });
      const departure = async () => {
        const answer = await here.agent.call(abortMigration, of);
        return answer.departure === 'UNDER_WAY' ? undefined : answer.departure;
      };
      expect(await pollUntil(departure, { what: 'the end of the migration', timeoutMs: 60_000 })).toBe('STAYED');
      await to.agent.call(endMigration, { ...of, otherStorageId: null });
      expect(theirs.filter(existsSync)).toEqual([]);
      await here.agent.call(forceOffVm, of);
      expect(hasMark(variablesOn(here, of.vmId))).toBe(true);
      expect(haveInCommon(tpm, tpmContents(here, of.vmId))).toBe(true);
      expect((await here.agent.call(startVm, of)).power).toBe('running');
      await here.agent.call(forceOffVm, of);
    }
  }, 300_000);

  it('keeps a VM where it is that is asked for in the words of before', async () => {
    for (const hardware of [SECURE, { ...PLAIN_HARDWARE, tpm: true }]) {
      const { vmId } = await made(hardware);
      await expect(here.agent.call(inspectMigration, { vmId })).rejects.toMatchObject({
        code: 'VM_NOT_MIGRATABLE',
        details: { reason: 'FIRMWARE_STATE' },
      });
    }
  }, 120_000);

  it('takes the place of what an attempt has left there, and never what a link there points at', async () => {
    const of = await made();
    const precious = path.join(there.state.diskDir, 'of-somebody-else');
    writeFileSync(precious, 'precious');
    symlinkSync(precious, variablesOn(there, of.vmId));
    await here.agent.call(startVm, of);
    expect(await moved(of, await prepared(of, there))).toBe('LEFT');
    await there.agent.call(finishMigration, { ...of, isOn: true });
    await there.agent.call(forceOffVm, of);
    expect(hasMark(variablesOn(there, of.vmId))).toBe(true);
    expect(readFileSync(precious, 'utf8')).toBe('precious');

    const shared = await made();
    rmSync(variablesOn(here, shared.vmId));
    symlinkSync(precious, variablesOn(here, shared.vmId));
    await expect(prepared(shared, sharing)).rejects.toMatchObject({ code: 'DISK_REPLACED' });
    expect(readdirSync(here.state.diskDir).filter((name) => name.startsWith('.infinibay-arriving'))).toEqual([]);
  }, 300_000);
});
