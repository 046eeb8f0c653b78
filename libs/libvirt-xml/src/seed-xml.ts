import { element, renderXml } from './xml-element.js';

/** Name of the file that cloud-init's disk of a VM is. */
export const seedFileName = (vmId: string): string => `seed-${vmId}.iso`;

/** Drives of the controller that the board has of itself: guests read from them without a driver of ours. */
export const CDROM_TARGETS = {
  pc: { first: { dev: 'hda', bus: 'ide' }, second: { dev: 'hdc', bus: 'ide' } },
  q35: { first: { dev: 'sda', bus: 'sata' }, second: { dev: 'sdb', bus: 'sata' } },
} as const;

export type Board = keyof typeof CDROM_TARGETS;

/** A drive with a disc that nobody writes to, read as nothing but bytes. */
export const cdromXml = (path: string, target: { readonly dev: string; readonly bus: string }): string =>
  renderXml(
    element(
      'disk',
      { type: 'file', device: 'cdrom' },
      element('driver', { name: 'qemu', type: 'raw' }),
      element('source', { file: path }),
      element('target', target),
      element('readonly'),
    ),
  );

/**
 * The seed as a disk of a domain.
 * @param isSecond the first drive is for media: libvirt boots from the first CD-ROM alone
 */
export const seedDiskXml = (path: string, board: Board = 'pc', isSecond = false): string =>
  cdromXml(path, CDROM_TARGETS[board][isSecond ? 'second' : 'first']);
