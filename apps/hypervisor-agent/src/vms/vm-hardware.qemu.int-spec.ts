import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  PLAIN_HARDWARE,
  attachVolume,
  ensureSeed,
  ensureVolume,
  forceOffVm,
  removeDisk,
  removeVolume,
  undefineVm,
  type VmHardware,
} from '@infinibay/contracts';
import { UEFI_FIRMWARES, disksOf, variablesFileName } from '@infinibay/libvirt-xml';
import { findTestHypervisor, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilteredGuest } from '../filters/filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
const TIMEOUT_MS = 300_000;
/** As Debian's packages `ovmf`, and `swtpm` with `swtpm-tools`, have it. */
const HAS_OVMF = existsSync('/usr/share/OVMF/OVMF_CODE_4M.fd');
const HAS_SWTPM = ['swtpm', 'swtpm_setup', 'swtpm_ioctl'].every((name) => existsSync(`/usr/bin/${name}`));

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('the hardware of a real guest', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

/** What a machine without the package does not show is named. */
const withPackage = (name: string, isThere: boolean, facts: () => void): void => {
  if (isThere) facts();
  else it(`needs the Debian package ${name}, which this machine lacks`, () => expect(isThere).toBe(false));
};

onQemu((at) => {
  let guest: FilteredGuest;
  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
  }, TIMEOUT_MS);
  afterAll(() => guest.stop(), TIMEOUT_MS);

  const xml = async (...inactive: string[]): Promise<string> =>
    (await guest.virsh('dumpxml', `vm-${guest.vmId}`, ...inactive)).stdout;
  const off = () => guest.agent.call(forceOffVm, { vmId: guest.vmId, fence: 1 });
  /** The domain that runs on it. */
  const made = async (hardware: Partial<VmHardware>): Promise<string> => {
    await off();
    await guest.remake({ ...PLAIN_HARDWARE, ...hardware });
    await guest.boot();
    return xml();
  };
  const variables = (firmware: (typeof UEFI_FIRMWARES)[number]): string =>
    join(at.diskDir, variablesFileName(guest.vmId, firmware));

  it('is told of the host: boards, CPUs of software emulation, and what is installed', async () => {
    const told = await pollUntil(() => guest.agent.hardware, { what: 'the report', timeoutMs: 60_000 });
    expect(told.machines.map(({ machine }) => machine)).toEqual(['PC', 'Q35']);
    expect(told.cpuModels).toContain('MAXIMUM');
    expect(told.cpuModels).not.toContain('HOST_PASSTHROUGH');
    for (const { firmwares } of told.machines) expect(firmwares.includes('UEFI')).toBe(HAS_OVMF);
    expect(told.machines.map(({ firmwares }) => firmwares.includes('UEFI_SECURE_BOOT'))).toEqual([false, HAS_OVMF]);
    expect(told.tpm).toBe(HAS_SWTPM);
  }, 120_000);

  it('runs on Q35 with another CPU and boot order, and on the board of before when that is asked for again', async () => {
    const asked = await made({ machine: 'Q35', cpuModel: 'MAXIMUM', bootOrder: ['NETWORK', 'DISK'] });
    expect(asked).toMatch(/machine='pc-q35-/);
    expect(asked).toMatch(/<boot dev='network'\/>\s*<boot dev='hd'\/>/);
    expect(await made({})).toMatch(/machine='pc-i440fx-/);
  }, 240_000);

  it('takes a seed on Q35, and a volume while it runs', async () => {
    const { agent, vmId } = guest;
    const seed = { instanceId: randomUUID(), metaData: '{}\n', userData: '#cloud-config\n{}\n', networkConfig: '{}\n' };
    const volume = { volumeId: randomUUID(), fence: 1 };
    await off();
    await guest.remake({ ...PLAIN_HARDWARE, machine: 'Q35' });
    await agent.call(ensureSeed, { vmId, fence: 1, ...seed });
    await guest.boot();
    await agent.call(ensureVolume, { ...volume, capacityBytes: 8_388_608 });
    expect(await agent.call(attachVolume, { vmId, ...volume, target: 'vdb' })).toEqual({ isLive: true });
    for (const domain of [await xml(), await xml('--inactive')])
      expect(
        disksOf(domain)
          .map(({ target }) => target)
          .sort(),
      ).toEqual(['sdb', 'vda', 'vdb']);
    expect(disksOf(await made({})).map(({ target }) => target)).toEqual(['vda']);
    await agent.call(removeVolume, volume);
  }, 240_000);

  it('is refused the CPU of the host where there is no KVM, and keeps the definition that it has', async () => {
    const before = await xml('--inactive');
    const asked = guest.remake({ ...PLAIN_HARDWARE, cpuModel: 'HOST_PASSTHROUGH' });
    await expect(asked).rejects.toMatchObject({ code: 'UNSUPPORTED_BY_DRIVER' });
    expect(await xml('--inactive')).toBe(before);
  }, 120_000);

  withPackage('ovmf', HAS_OVMF, () => {
    it('runs under each UEFI with variables of its own, which stay through a definition and go with the disk', async () => {
      for (const machine of ['PC', 'Q35'] as const)
        expect(await made({ firmware: 'UEFI', machine })).toContain(variables('UEFI'));
      expect(UEFI_FIRMWARES.map(variables).map((path) => existsSync(path))).toEqual([true, false]);
      const secure = await made({ firmware: 'UEFI_SECURE_BOOT', machine: 'Q35' });
      expect(secure).toContain(variables('UEFI_SECURE_BOOT'));
      expect(secure).toContain("secure='yes'");
      await made({});
      expect(UEFI_FIRMWARES.map(variables).map((path) => existsSync(path))).toEqual([true, true]);
      await off();
      const fenced = { vmId: guest.vmId, fence: 1 };
      await guest.agent.call(undefineVm, fenced);
      await guest.agent.call(removeDisk, fenced);
      expect(UEFI_FIRMWARES.map(variables).map((path) => existsSync(path))).toEqual([false, false]);
      await guest.define();
    }, 300_000);
  });

  withPackage('swtpm-tools', HAS_SWTPM, () => {
    /** What the TPM holds, in libvirtd's own /var/lib/libvirt: only its processes see that; undefined: nothing. */
    const contents = async (): Promise<string | undefined> => {
      const pids = (await guest.shell(`ip netns pids ${at.networkNamespace}`)).split('\n').filter((pid) => pid !== '');
      const files = pids.map((pid) => `/proc/${pid}/root/var/lib/libvirt/swtpm/${guest.vmId}/tpm2/tpm2-00.permall`);
      const file = files.find((path) => existsSync(path));
      return file === undefined ? undefined : readFileSync(file, 'base64');
    };

    it('has a TPM 2.0, also under Secure Boot, whose contents stay through a definition and go with the domain', async () => {
      const backend = /<backend type='emulator' version='2\.0'/;
      expect(await made({ tpm: true })).toMatch(backend);
      await off();
      const kept = await contents();
      expect(kept).toBeDefined();
      const secure: VmHardware = { ...PLAIN_HARDWARE, tpm: true, firmware: 'UEFI_SECURE_BOOT', machine: 'Q35' };
      if (HAS_OVMF) await guest.remake(secure);
      expect(await contents()).toBe(kept);
      await guest.boot();
      expect(await xml()).toMatch(backend);
      await off();
      await guest.agent.call(undefineVm, { vmId: guest.vmId, fence: 1 });
      expect(await contents()).toBeUndefined();
      await guest.define();
    }, 240_000);
  });
});
