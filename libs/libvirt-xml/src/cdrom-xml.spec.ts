import { describe, expect, it } from '@jest/globals';
import { cdromFilesOf, changedDriveXml, isEjected, mediumOf, withMedium, withSeed } from './cdrom-xml.js';
import { disksOf } from './volume-xml.js';

const SEED = '/disks/seed.iso';
const ISO = '/disks/images/<a> & b.img';
const OTHER = '/disks/images/other.img';
const PLAIN = '<domain><os><type machine="pc">hvm</type></os><devices></devices></domain>';
const Q35 = PLAIN.replace('"pc"', '"pc-q35-7.2"');

const targetsIn = (xml: string): Record<string, string> =>
  Object.fromEntries(disksOf(xml).map(({ file = '', target }) => [file, target]));

/** As libvirt shows the drive of a guest that runs. */
const liveWith = (inside: string): string =>
  `<domain id='1'><devices><disk type='file' device='cdrom'>${inside}<target dev='hda' bus='ide'/><readonly/>` +
  "<alias name='ide0-0-0'/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>" +
  '</devices></domain>';

describe('the drive for media', () => {
  it('is read-only, and the first one: libvirt boots from the first CD-ROM alone', () => {
    const alone = withMedium(PLAIN, ISO, SEED);
    expect(alone).toContain('<target dev="hda" bus="ide"/><readonly/>');
    expect(cdromFilesOf(alone)).toEqual([ISO]);
    expect(mediumOf(alone, SEED)).toBe(ISO);
    expect(targetsIn(withSeed(alone, SEED))).toEqual({ [ISO]: 'hda', [SEED]: 'hdc' });
    expect(targetsIn(withSeed(withMedium(Q35, ISO, SEED), SEED))).toEqual({ [ISO]: 'sda', [SEED]: 'sdb' });
  });

  it('moves the seed aside in a definition that has it, and back when it goes', () => {
    const seeded = withSeed(PLAIN, SEED);
    expect(targetsIn(seeded)).toEqual({ [SEED]: 'hda' });
    const both = withMedium(seeded, ISO, SEED);
    expect(targetsIn(both)).toEqual({ [ISO]: 'hda', [SEED]: 'hdc' });
    expect(targetsIn(withMedium(both, OTHER, SEED))).toEqual({ [OTHER]: 'hda', [SEED]: 'hdc' });
    expect(withMedium(both, null, SEED)).toBe(seeded);
  });

  it('leaves the seed on Q35 where it is, with the one controller that it needs behind all other ports', () => {
    const seeded = withSeed(Q35, SEED);
    expect(seeded).toContain(
      '<controller type="pci" index="33" model="pcie-root-port"/><controller type="scsi" index="0" model="virtio-scsi">' +
        '<address type="pci" domain="0x0000" bus="0x21" slot="0x00" function="0x0"/></controller>',
    );
    expect(targetsIn(seeded)).toEqual({ [SEED]: 'sdb' });
    const both = withMedium(seeded, ISO, SEED);
    expect(disksOf(both).map(({ target }) => target)).toEqual(['sda', 'sdb']);
    expect(withMedium(both, null, SEED)).toBe(seeded);
    const again = withSeed(seeded.replace(/<disk .*<\/disk>/, ''), SEED);
    expect(again).toBe(seeded);
    expect(withSeed(PLAIN, SEED)).not.toContain('controller');
  });

  it('is left as it is where it is so already', () => {
    const seeded = withSeed(PLAIN, SEED);
    expect(withMedium(seeded, null, SEED)).toBe(seeded);
    expect(withSeed(seeded, SEED)).toBe(seeded);
    const both = withMedium(seeded, ISO, SEED);
    expect(withMedium(both, ISO, SEED)).toBe(both);
    expect(mediumOf(seeded, SEED)).toBeUndefined();
  });

  it('of a guest that runs is named as libvirt has it, with another medium or none', () => {
    const full = liveWith("<driver name='qemu' type='raw'/><source file='/old.iso' index='2'/><backingStore/>");
    const place = "<target dev='hda' bus='ide'/><readonly/><alias name='ide0-0-0'/>";
    const opening = "<disk type='file' device='cdrom'>";
    expect(changedDriveXml(full, null, SEED)).toContain(`${opening}<driver name='qemu' type='raw'/>${place}`);
    const changed = changedDriveXml(full, ISO, SEED) ?? '';
    const source = '<source file="/disks/images/&lt;a&gt; &amp; b.img"/>';
    expect(changed).toContain(`${opening}<driver name="qemu" type="raw"/>${source}${place}`);
    expect(changed).not.toContain('/old.iso');
    const empty = liveWith("<driver name='qemu'/>");
    expect(mediumOf(empty, SEED)).toBeNull();
    expect(changedDriveXml(empty, ISO, SEED)).toBe(changed);
    expect(changedDriveXml(withSeed(PLAIN, SEED), ISO, SEED)).toBeUndefined();
  });

  it('is told to be open where its guest has ejected what is in it', () => {
    const closed = liveWith("<source file='/old.iso'/>");
    expect(isEjected(closed, SEED)).toBe(false);
    const open = closed.replace("bus='ide'", "bus='ide' tray='open'");
    expect(isEjected(open, SEED)).toBe(true);
    for (const path of [ISO, null]) expect(changedDriveXml(open, path, SEED)).toBe(changedDriveXml(closed, path, SEED));
    expect(isEjected(PLAIN, SEED)).toBe(false);
  });

  it('is no drive that somebody can write to', () => {
    const writable = withMedium(PLAIN, ISO, SEED).replace('<readonly/>', '').replace('device="cdrom"', 'device="disk"');
    expect(cdromFilesOf(writable)).toEqual([]);
    expect(mediumOf(writable, SEED)).toBeUndefined();
  });
});
