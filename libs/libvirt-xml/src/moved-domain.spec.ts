import { describe, expect, it } from '@jest/globals';
import { domainXml } from './domain-xml.js';
import { diskFilesOf } from './libvirt-answers.js';
import { hasTpm, hasVariables, virtTypeOf, hasHostDevices, movedDomainXml, type DomainPaths } from './moved-domain.js';
import { seedDiskXml } from './seed-xml.js';
import { disksOf, volumeDiskXml, withDevice } from './volume-xml.js';
import { escaped } from './xml-element.js';

const HERE: DomainPaths = {
  diskPath: '/here/disks/vm.qcow2',
  agentSocketPath: '/here/agents/a.sock',
  screenSocketPath: '/here/screens/s',
  consoleLogPath: '/here/log',
  seedPath: '/here/disks/seed.iso',
};
const THERE: DomainPaths = {
  diskPath: "/the're/disks & more/vm.qcow2",
  agentSocketPath: '/there/agents/a.sock',
  screenSocketPath: '/there/screens/s',
  consoleLogPath: '/there/log',
  seedPath: '/there/disks/seed.iso',
};
const definition = (consoleLogPath: string | null): string =>
  domainXml(
    {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
      name: '/here/disks/vm.qcow2',
      vcpus: 1,
      memoryMib: 64,
      nics: [],
      filterName: null,
    },
    { ...HERE, virtType: 'kvm', consoleLogPath: consoleLogPath ?? undefined, fence: 1 },
  );

describe('a domain on another host', () => {
  it('has all that is outside of it in the places of that host, and is the same machine', () => {
    const domain = withDevice(definition(HERE.consoleLogPath), seedDiskXml('/here/disks/seed.iso'));
    const moved = movedDomainXml(domain, HERE, THERE);
    expect(diskFilesOf(moved ?? '')).toEqual([THERE.diskPath, THERE.seedPath]);
    for (const path of [THERE.agentSocketPath, THERE.screenSocketPath, THERE.consoleLogPath])
      expect(moved).toContain(`"${path ?? ''}"`);
    expect(moved).not.toMatch(/"\/here\//);
    // What people call it is no path.
    expect(moved).toContain('<title>/here/disks/vm.qcow2</title>');
    expect(movedDomainXml(moved ?? '', THERE, HERE)).toBe(domain);
  });

  it('tells nothing of what its disk is based on: libvirt reads that there', () => {
    const chain = `<backingStore type='file'><source file='/here/a'/><backingStore type='file'><source file='/here/b'/><backingStore/></backingStore></backingStore>`;
    const running = definition(null).replace('</disk>', `${chain}</disk>`);
    const moved = movedDomainXml(running, HERE, THERE) ?? '';
    expect(moved).not.toContain('backingStore');
    expect(disksOf(moved)).toEqual([{ file: THERE.diskPath, target: 'vda', serial: undefined }]);
  });

  it('has each of its volumes where that is to be, under its name and with its serial', () => {
    const ids = ['0196f5a0-0000-7000-8000-0000000000e7', '0196f5a0-0000-7000-8000-0000000000e8'];
    const from = ids.map((id) => `/here/pool/volume-${id}.qcow2`);
    const to = ids.map((id) => `/there/"fast"/volume-${id}.qcow2`);
    const domain = ids.reduce(
      (xml, id, n) => withDevice(xml, volumeDiskXml(id, from[n] ?? '', ['vdb', 'vdd'][n] ?? '')),
      definition(null),
    );
    const places = (paths: readonly string[], others: readonly string[]) =>
      new Map(paths.map((path, n) => [path, others[n] ?? '']));
    const moved = movedDomainXml(domain, HERE, THERE, places(from, to)) ?? '';
    const before = disksOf(domain);
    expect(disksOf(moved)).toEqual([
      { ...before[0], file: THERE.diskPath },
      { ...before[1], file: to[0] },
      { ...before[2], file: to[1] },
    ]);
    expect(before.map(({ target }) => target)).toEqual(['vda', 'vdb', 'vdd']);
    expect(movedDomainXml(moved, THERE, HERE, places(to, from))).toBe(domain);
  });

  it('has what its firmware keeps beside its disk, however libvirt writes it', () => {
    const variables = `<nvram template='/usr/share/OVMF/VARS.fd'>/here/disks/vm.efi.fd</nvram>`;
    const asSource = `<nvram type='file'><source file='/here/disks/vm.efi.fd'/></nvram>`;
    const withVariables = (nvram: string) => definition(null).replace('</os>', `${nvram}</os>`);
    expect([variables, asSource, ''].map((nvram) => hasVariables(withVariables(nvram)))).toEqual([true, true, false]);
    const moved = movedDomainXml(withVariables(variables), HERE, THERE) ?? '';
    expect(moved).toContain(
      `<nvram template='/usr/share/OVMF/VARS.fd'>${escaped("/the're/disks & more/vm.efi.fd")}</nvram>`,
    );
    expect(movedDomainXml(moved, THERE, HERE)).toBe(withVariables(variables));
    expect(movedDomainXml(withVariables(asSource), HERE, THERE)).toContain(
      `<source file="${escaped("/the're/disks & more/vm.efi.fd")}"/></nvram>`,
    );
    // Whose they are is not known.
    for (const path of ['/var/lib/libvirt/qemu/nvram/vm.efi.fd', '/here/disks/vm2.efi.fd', '/here/disks/vm.qcow2']) {
      const another = variables.replace('/here/disks/vm.efi.fd', path);
      expect(movedDomainXml(withVariables(another), HERE, THERE)).toBeUndefined();
    }
  });

  it('has an empty drive where nobody wants a seed any more', () => {
    const withSeed = withDevice(definition(null), seedDiskXml('/here/disks/seed.iso'));
    const moved = movedDomainXml(withSeed, HERE, { ...THERE, seedPath: null }) ?? '';
    expect(disksOf(moved).map(({ file, target }) => [file, target])).toEqual([
      [THERE.diskPath, 'vda'],
      [undefined, 'hda'],
    ]);
  });

  it('is none where its log has no place, and stays without one where it had none', () => {
    const nowhere = { ...THERE, consoleLogPath: null };
    expect(movedDomainXml(definition(HERE.consoleLogPath), HERE, nowhere)).toBeUndefined();
    expect(movedDomainXml(definition(null), HERE, THERE)).not.toContain('/there/log');
  });

  it('is told from one without a TPM', () => {
    const tpm = `<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>`;
    expect([withDevice(definition(null), tpm), definition(null)].map(hasTpm)).toEqual([true, false]);
  });

  it('can have nothing that is of a host', () => {
    expect(virtTypeOf(definition(null))).toBe('kvm');
    expect(hasHostDevices(definition(null))).toBe(false);
    for (const device of [`<hostdev mode='subsystem' type='pci'/>`, `<interface type='direct'><mac/></interface>`])
      expect(hasHostDevices(withDevice(definition(null), device))).toBe(true);
  });
});
