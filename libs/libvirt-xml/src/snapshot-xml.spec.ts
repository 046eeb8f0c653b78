import { describe, expect, it } from '@jest/globals';
import { domainOfSnapshot, hasPluggedVcpus, recordedSnapshotXml, snapshotXml } from './snapshot-xml.js';

const DISK = "<disk type='file' device='disk'><source file='/d.qcow2'/><target dev='vda' bus='virtio'/></disk>";
const DOMAIN = `<domain type='qemu' id='1'><name>vm</name><devices>${DISK}</devices></domain>`;

describe('XML of snapshots', () => {
  it('asks for memory within the disks, or for none', () => {
    expect(snapshotXml('a & b', true)).toBe(
      '<domainsnapshot><name>a &amp; b</name><memory snapshot="internal"/></domainsnapshot>',
    );
    expect(snapshotXml('s', false)).toContain('<memory snapshot="no"/>');
  });

  it('puts a domain on record as it runs, and reads it back', () => {
    const xml = recordedSnapshotXml('s', `<?xml version='1.0'?>\n${DOMAIN}\n`);
    expect(xml).toContain('<disks><disk name="vda" snapshot="internal"/></disks>');
    expect(domainOfSnapshot(xml)).toBe(DOMAIN);
    expect(() => recordedSnapshotXml('s', '<network/>')).toThrow(RangeError);
    expect(() => domainOfSnapshot('<domainsnapshot><name>s</name></domainsnapshot>')).toThrow(RangeError);
  });

  it.each([
    ['none is told of', "<vcpu placement='static'>2</vcpu>", false],
    ['all were there at its start', "<vcpus><vcpu id='0' enabled='yes' hotpluggable='no' order='1'/></vcpus>", false],
    ['one could be', "<vcpus><vcpu id='1' enabled='no' hotpluggable='yes'/></vcpus>", false],
    ['one was, and can be taken out', "<vcpus><vcpu id='1' enabled='yes' hotpluggable='yes'/></vcpus>", true],
    ['one was', "<vcpus><vcpu id='1' enabled='yes' order='2'/></vcpus>", true],
  ])('tells whether processors were plugged in: %s', (_what, xml, isPlugged) => {
    expect(hasPluggedVcpus(xml)).toBe(isPlugged);
  });
});
