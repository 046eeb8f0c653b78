import { volumeSerial } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { domainXml } from './domain-xml.js';
import { diskFilesOf } from './libvirt-answers.js';
import { disksOf, volumeDiskXml, volumeFileName, volumeIdOfFile, withDevice, withoutDisk } from './volume-xml.js';

const VOLUME = '0196f5a0-0000-7000-8000-0000000000c1';
const PATH = '/disks/a & b/volume.qcow2';

describe('a volume in a definition', () => {
  const definition = domainXml(
    {
      vmId: '0196f5a0-0000-7000-8000-000000000001',
      departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
      name: '</devices>',
      vcpus: 1,
      memoryMib: 64,
      nics: [],
      filterName: null,
    },
    {
      virtType: 'qemu',
      diskPath: '/disks/vm.qcow2',
      agentSocketPath: '/run/a.sock',
      screenSocketPath: '/run/v',
      fence: 1,
    },
  );

  it('is a disk that is found by its file, with a serial that virtio can show', () => {
    const xml = withDevice(definition, volumeDiskXml(VOLUME, PATH, 'vdb'));
    expect(disksOf(xml)).toEqual([
      { file: '/disks/vm.qcow2', target: 'vda', serial: undefined },
      { file: PATH, target: 'vdb', serial: '700080000000000000c1' },
    ]);
    expect(diskFilesOf(xml)).toEqual(['/disks/vm.qcow2', PATH]);
    expect(volumeSerial(VOLUME)).toHaveLength(20);
  });

  it('is taken out again, and nothing else with it', () => {
    const xml = withDevice(definition, volumeDiskXml(VOLUME, PATH, 'vdb'));
    expect(withoutDisk(xml, PATH)).toBe(definition);
    expect(withoutDisk(xml, '/disks/other.qcow2')).toBe(xml);
  });

  it('is in a file of its own name, which no VM has', () => {
    expect(volumeIdOfFile(volumeFileName(VOLUME))).toBe(VOLUME);
    for (const name of [`vm-${VOLUME}.qcow2`, `volume-${VOLUME}`, `volume-${VOLUME}.qcow2.new`])
      expect(volumeIdOfFile(name)).toBeUndefined();
  });
});
