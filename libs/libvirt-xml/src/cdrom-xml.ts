import type { CdromFinding } from '@infinibay/contracts';
import { attribute, elements, tags, textOf } from './read-markup.js';
import { element, renderXml } from './xml-element.js';

/** What our drive says to the guest, and to us: whatever else is in the domain is told apart by it. */
const SERIAL = 'infinibay-cdrom';

/** Drives of the controller that the board has of itself: guests read from them without a driver of ours. */
const PLACES: Readonly<Record<CdromBoard, readonly [Place, Place]>> = {
  pc: [
    { dev: 'hda', bus: 'ide' },
    { dev: 'hdc', bus: 'ide' },
  ],
  q35: [
    { dev: 'sda', bus: 'sata' },
    { dev: 'sdb', bus: 'sata' },
  ],
};

export type CdromBoard = 'pc' | 'q35';

interface Place {
  readonly dev: string;
  readonly bus: string;
}

/** Where a further CD drive goes. There are two: that of the VM and that of its seed. @param taken names of targets */
export const cdromPlace = (board: CdromBoard, taken: readonly string[]): Place =>
  PLACES[board].find(({ dev }) => !taken.includes(dev)) ?? PLACES[board][0];

const SOURCE = /<source(?:\s[^>]*?)?(?:\/>|>[\s\S]*?<\/source>)/g;
const OPEN_TRAY = / tray=(?:'open'|"open")/;

const isDrive = (diskXml: string): boolean =>
  attribute(tags(diskXml, 'disk')[0], 'device') === 'cdrom' && textOf(diskXml, 'serial') === SERIAL;

/** The CD drive of a VM, as the domain has it; undefined: it has none. That of its seed is another one. */
const driveIn = (domainXml: string): string | undefined => elements(domainXml, 'disk').find(isDrive);

/** The domain without the CD drive of its VM: what its disks are. */
export const withoutDrive = (domainXml: string): string => {
  const drive = driveIn(domainXml);
  return drive === undefined ? domainXml : domainXml.replace(drive, () => '');
};

/** The file in the CD drive; undefined: it is empty, or there is none; an empty text: it holds what is no file. */
export const mediumFileOf = (domainXml: string): string | undefined => {
  const [source] = tags(driveIn(domainXml) ?? '', 'source');
  return source === undefined ? undefined : (attribute(source, 'file') ?? '');
};

/** @param file undefined: it shall be empty */
export const cdromFindingOf = (domainXml: string, file: string | undefined): CdromFinding => {
  if (driveIn(domainXml) === undefined) return 'NO_DRIVE';
  return mediumFileOf(domainXml) === file ? 'AS_ASKED' : 'OTHER';
};

const withSource = (driveXml: string, file: string | undefined): string => {
  const source = file === undefined ? '' : renderXml(element('source', { file }));
  const empty = driveXml.replace(SOURCE, '').replace(OPEN_TRAY, '');
  return empty.replace('<target', () => `${source}<target`);
};

/** The drive as the whole device that libvirt takes for a change of it; undefined: there is none, or it is so already. */
export const changedDrive = (domainXml: string, file: string | undefined): string | undefined => {
  const drive = driveIn(domainXml);
  return drive === undefined || mediumFileOf(domainXml) === file ? undefined : withSource(drive, file);
};

const newDrive = (file: string | undefined, target: Place): string =>
  renderXml(
    element(
      'disk',
      { type: 'file', device: 'cdrom' },
      element('driver', { name: 'qemu', type: 'raw' }),
      file === undefined ? undefined : element('source', { file }),
      element('target', { ...target }),
      element('readonly'),
      element('serial', {}, SERIAL),
    ),
  );

/**
 * The definition with this in its CD drive, which it gets where it has none: the same document when it is so.
 * @param file undefined: nothing
 */
export const withMedium = (definition: string, file: string | undefined, board: CdromBoard): string => {
  const drive = driveIn(definition);
  if (drive !== undefined) {
    const changed = changedDrive(definition, file);
    return changed === undefined ? definition : definition.replace(drive, () => changed);
  }
  const taken = tags(definition, 'target').map((tag) => attribute(tag, 'dev') ?? '');
  const end = definition.lastIndexOf('</devices>');
  if (end === -1) throw new RangeError('the domain has no devices');
  return `${definition.slice(0, end)}${newDrive(file, cdromPlace(board, taken))}${definition.slice(end)}`;
};
