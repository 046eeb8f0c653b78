import { describe, expect, it } from '@jest/globals';
import { diskFilesOf, interfacesOf, networkFacts } from './libvirt-answers.js';
import { domainName, uuidOfName, vmIdOfDomain } from './names.js';

describe("libvirt's answers", () => {
  it('tell the tap of each card of a running domain, and nothing from a hostile title', () => {
    const xml = `<domain type='qemu' id='1'><title>&lt;interface&gt;&lt;target dev='x'/&gt;</title><devices>
      <interface type='network'><mac address='52:54:00:12:34:56'/><source network='n' bridge='b'/>
        <target dev='vnet0'/><filterref filter='f'><parameter name='IP' value='10.80.0.10'/></filterref></interface>
      <interface type='network'><mac address='52:54:00:12:34:57'/></interface></devices></domain>`;
    expect(interfacesOf(xml)).toEqual([
      { mac: '52:54:00:12:34:56', device: 'vnet0', bridge: 'b', filterName: 'f', address: '10.80.0.10' },
      { mac: '52:54:00:12:34:57', device: undefined, bridge: undefined, filterName: undefined, address: undefined },
    ]);
  });

  it('tell what a network is', () => {
    const xml = `<network><name>n</name><bridge name='ib0' stp='off' delay='0'/><ip address='10.80.0.1' prefix='24'><dhcp>
      <host mac='52:54:00:12:34:56' name='web-1' ip='10.80.0.10'/><host mac='52:54:00:12:34:57' ip='10.80.0.11'/></dhcp></ip></network>`;
    expect(networkFacts(xml)).toEqual({
      bridge: 'ib0',
      gateway: '10.80.0.1',
      prefixLength: 24,
      reservations: [
        { mac: '52:54:00:12:34:56', address: '10.80.0.10', hostname: 'web-1' },
        { mac: '52:54:00:12:34:57', address: '10.80.0.11', hostname: null },
      ],
    });
    expect(networkFacts("<network><ip address='10.80.0.1' prefix='24'/></network>").reservations).toEqual([]);
  });

  it('tell a hostname of a reservation as it was given', () => {
    const xml = `<network><ip address='10.80.0.1' prefix='24'><dhcp><host mac='m' name='a&amp;b&lt;&apos;' ip='i'/></dhcp></ip></network>`;
    expect(networkFacts(xml).reservations).toEqual([{ mac: 'm', address: 'i', hostname: "a&b<'" }]);
  });

  it('tell the files of the disks of a domain as they are written on disk', () => {
    const xml = `<disk type='file'><source file='/a &amp; b'/></disk><disk type='block'><source dev='/dev/sda'/></disk>`;
    expect(diskFilesOf(`<domain><devices>${xml}</devices></domain>`)).toEqual(['/a & b']);
  });
});

describe('names', () => {
  it('tell our domains from anybody else’s', () => {
    const uuid = '0196f5a0-0000-7000-8000-000000000001';
    expect(vmIdOfDomain({ uuid, name: domainName(uuid) })).toBe(uuid);
    expect(vmIdOfDomain({ uuid, name: 'vm-other' })).toBeUndefined();
    expect(vmIdOfDomain({ uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', name: 'test' })).toBeUndefined();
  });

  it('give a UUID by name', () => {
    expect(uuidOfName('a')).toBe(uuidOfName('a'));
    expect(uuidOfName('a')).not.toBe(uuidOfName('b'));
    expect(uuidOfName('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
