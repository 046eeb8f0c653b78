import { Q35_PORTS } from './hardware-xml.js';
import { element, renderXml } from './xml-element.js';

/** Name of the file that cloud-init's disk of a VM is. */
export const seedFileName = (vmId: string): string => `seed-${vmId}.iso`;

/** Where a CD-ROM is. */
interface CdromTarget {
  readonly dev: string;
  readonly bus: string;
}

/** The first drive, of the controller that the board has of itself: firmware and installers read from it without a driver of ours. */
export const MEDIUM_TARGETS = { pc: { dev: 'hda', bus: 'ide' }, q35: { dev: 'sda', bus: 'sata' } } as const;

export type Board = keyof typeof MEDIUM_TARGETS;

/**
 * On Q35 a drive of virtio: kernels of cloud images have that for their disk, and may have no driver for SATA, such as
 * Debian's. On `pc` they have one for IDE, and the seed makes place for a medium.
 */
const seedTarget = (board: Board, isSecond: boolean): CdromTarget => {
  if (board === 'q35') return { dev: 'sdb', bus: 'scsi' };
  return isSecond ? { dev: 'hdc', bus: 'ide' } : MEDIUM_TARGETS.pc;
};

/** A drive with a disc that nobody writes to, read as nothing but bytes. */
export const cdromXml = (path: string, target: CdromTarget): string =>
  renderXml(
    element(
      'disk',
      { type: 'file', device: 'cdrom' },
      element('driver', { name: 'qemu', type: 'raw' }),
      element('source', { file: path }),
      element('target', { dev: target.dev, bus: target.bus }),
      element('readonly'),
    ),
  );

/**
 * The seed as a disk of a domain.
 * @param isSecond the first drive is for media: libvirt boots from the first CD-ROM alone
 */
export const seedDiskXml = (path: string, board: Board = 'pc', isSecond = false): string =>
  cdromXml(path, seedTarget(board, isSecond));

/**
 * What the seed needs on Q35: the controller, on a port of its own behind all others, so that no card of the guest gets
 * another place, and so another name, for it.
 */
export const seedControllerXml = (): string => {
  const port = Q35_PORTS + 1;
  const place = { type: 'pci', domain: '0x0000', bus: `0x${port.toString(16)}`, slot: '0x00', function: '0x0' };
  return [
    element('controller', { type: 'pci', index: port, model: 'pcie-root-port' }),
    element('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' }, element('address', place)),
  ]
    .map((device) => renderXml(device))
    .join('');
};
