import { describe, expect, it } from '@jest/globals';
import { cdromFindingOf, changedDrive, mediumFileOf, withMedium, withoutDrive } from './cdrom-xml.js';
import { diskFilesOf } from './libvirt-answers.js';
import { seedDiskXml } from './seed-xml.js';
import { disksOf, withDevice } from './volume-xml.js';

const ISO = '/images/a&b.iso';
const DOMAIN =
  "<domain><devices><disk type='file' device='disk'><source file='/disks/vm.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>";
/** As libvirt shows what runs. */
const LIVE =
  "<domain><devices><disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/images/old.iso' index='1'><seclabel model='dac' relabel='no'/></source><backingStore/><target dev='hda' bus='ide' tray='open'/><readonly/><serial>infinibay-cdrom</serial><alias name='ide0-0-0'/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk></devices></domain>";

const targetsOf = (xml: string): string[] => disksOf(xml).map(({ target }) => target);

describe('the CD drive of a VM', () => {
  it('is made where there is none, and holds what it shall', () => {
    expect(cdromFindingOf(DOMAIN, undefined)).toBe('NO_DRIVE');
    const defined = withMedium(DOMAIN, ISO, 'pc');
    expect(mediumFileOf(defined)).toBe(ISO);
    expect([cdromFindingOf(defined, ISO), cdromFindingOf(defined, undefined)]).toEqual(['AS_ASKED', 'OTHER']);
    expect(defined).toContain('<readonly/>');
    expect(withMedium(defined, ISO, 'pc')).toBe(defined);
    const empty = withMedium(defined, undefined, 'pc');
    expect(cdromFindingOf(empty, undefined)).toBe('AS_ASKED');
    expect(targetsOf(empty)).toEqual(targetsOf(defined));
  });

  it('is no disk, and never in the place of the seed, on either board and in either order', () => {
    for (const [board, places] of [
      ['pc', ['hda', 'hdc']],
      ['q35', ['sda', 'sdb']],
    ] as const) {
      const drive = withMedium(DOMAIN, ISO, board);
      const both = withDevice(drive, seedDiskXml('/disks/seed.iso', board, targetsOf(drive)));
      expect(targetsOf(both)).toEqual(['vda', ...places]);
      expect(diskFilesOf(both)).toEqual(['/disks/vm.qcow2', '/disks/seed.iso']);
      expect(mediumFileOf(both)).toBe(ISO);
      const seed = withDevice(DOMAIN, seedDiskXml('/disks/seed.iso', board));
      expect(mediumFileOf(seed)).toBeUndefined();
      expect(targetsOf(withMedium(seed, ISO, board))).toEqual(['vda', ...places]);
      expect(withoutDrive(withMedium(seed, ISO, board))).toBe(seed);
    }
  });

  it('of what runs is changed as libvirt has it, with another medium alone', () => {
    const changed = changedDrive(LIVE, ISO);
    expect(changed).toContain("<alias name='ide0-0-0'/>");
    expect(changed).not.toMatch(/tray|old\.iso|seclabel/);
    expect(mediumFileOf(changed ?? '')).toBe(ISO);
    expect(changedDrive(LIVE, '/images/old.iso')).toBeUndefined();
    expect(changedDrive(DOMAIN, ISO)).toBeUndefined();
    expect(changedDrive(LIVE, undefined)).not.toContain('<source');
  });

  it('that holds what is no file is neither empty nor as it shall be', () => {
    const block = LIVE.replace(/<source[\s\S]*<\/source>/, "<source dev='/dev/sr0'/>");
    expect(cdromFindingOf(block, undefined)).toBe('OTHER');
    expect(mediumFileOf(block)).toBe('');
  });
});
