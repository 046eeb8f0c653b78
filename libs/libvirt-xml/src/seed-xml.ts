import { cdromPlace, type CdromBoard } from './cdrom-xml.js';
import { element, renderXml } from './xml-element.js';

/** Name of the file that cloud-init's disk of a VM is. */
export const seedFileName = (vmId: string): string => `seed-${vmId}.iso`;

/** The seed as a disk of a domain: a CD-ROM that nobody writes to. @param taken names that other disks of it have */
export const seedDiskXml = (path: string, board: CdromBoard = 'pc', taken: readonly string[] = []): string =>
  renderXml(
    element(
      'disk',
      { type: 'file', device: 'cdrom' },
      element('driver', { name: 'qemu', type: 'raw' }),
      element('source', { file: path }),
      element('target', { ...cdromPlace(board, taken) }),
      element('readonly'),
    ),
  );
