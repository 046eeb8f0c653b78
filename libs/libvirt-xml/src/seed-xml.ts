import { element, renderXml } from './xml-element.js';

/** Name of the file that cloud-init's disk of a VM is. */
export const seedFileName = (vmId: string): string => `seed-${vmId}.iso`;

/** A drive of the controller that the board has of itself: guests read from it without a driver of ours. */
const TARGETS = { pc: { dev: 'hda', bus: 'ide' }, q35: { dev: 'sda', bus: 'sata' } } as const;

/** The seed as a disk of a domain: a CD-ROM that nobody writes to. */
export const seedDiskXml = (path: string, board: keyof typeof TARGETS = 'pc'): string =>
  renderXml(
    element(
      'disk',
      { type: 'file', device: 'cdrom' },
      element('driver', { name: 'qemu', type: 'raw' }),
      element('source', { file: path }),
      element('target', TARGETS[board]),
      element('readonly'),
    ),
  );
