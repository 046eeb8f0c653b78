import { describe, expect, it } from '@jest/globals';
import { seedDiskXml, seedFileName } from './seed-xml.js';
import { disksOf, withDevice } from './volume-xml.js';

const VM = '0196f5a0-0000-7000-8000-000000000001';

describe(seedDiskXml.name, () => {
  it('is a CD-ROM that nobody writes to, read as nothing but bytes', () => {
    expect(seedDiskXml(`/disks/${seedFileName(VM)}`)).toBe(
      '<disk type="file" device="cdrom"><driver name="qemu" type="raw"/>' +
        `<source file="/disks/seed-${VM}.iso"/><target dev="hda" bus="ide"/><readonly/></disk>`,
    );
  });

  it('is a drive of virtio on Q35: kernels of cloud images may have no driver for SATA', () => {
    for (const isSecond of [false, true])
      expect(seedDiskXml('/disks/seed.iso', 'q35', isSecond)).toContain('<target dev="sdb" bus="scsi"/>');
  });

  it('is found in a definition by its file, whatever its path is', () => {
    const path = '/srv/"disks" & <more>/seed.iso';
    const definition = withDevice('<domain><devices></devices></domain>', seedDiskXml(path));
    expect(disksOf(definition)).toEqual([{ file: path, target: 'hda', serial: undefined }]);
  });
});
