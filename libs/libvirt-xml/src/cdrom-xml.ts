import { isOnQ35 } from './hardware-xml.js';
import { attribute, elements, tags } from './read-markup.js';
import { MEDIUM_TARGETS, cdromXml, seedControllerXml, seedDiskXml, type Board } from './seed-xml.js';
import { withDevice } from './volume-xml.js';
import { escaped } from './xml-element.js';

const boardOf = (domainXml: string): Board => (isOnQ35(domainXml) ? 'q35' : 'pc');

const isDrive = (diskXml: string): boolean => /^<disk\s[^>]*\bdevice=['"]cdrom['"]/.test(diskXml);
const fileIn = (diskXml: string): string | undefined => attribute(tags(diskXml, 'source')[0], 'file');

/** The drive that media are put into, empty or not: a CD-ROM that is not the seed of cloud-init. */
const driveOf = (domainXml: string, seedPath: string): string | undefined =>
  elements(domainXml, 'disk').find((xml) => isDrive(xml) && fileIn(xml) !== seedPath);

/** What is in the drive that a domain has for media; null: nothing. undefined: it has no such drive. */
export const mediumOf = (domainXml: string, seedPath: string): string | null | undefined => {
  const drive = driveOf(domainXml, seedPath);
  return drive === undefined ? undefined : (fileIn(drive) ?? null);
};

/** Whether the guest has opened the tray of its drive by itself: it does not have what is said to be in it. */
export const isEjected = (liveXml: string, seedPath: string): boolean =>
  attribute(tags(driveOf(liveXml, seedPath) ?? '', 'target')[0], 'tray') === 'open';

/** Files of drives that nobody can write to, the seed's among them. */
export const cdromFilesOf = (domainXml: string): string[] =>
  elements(domainXml, 'disk').flatMap((xml) => {
    const file = fileIn(xml);
    return file !== undefined && isDrive(xml) && xml.includes('<readonly/>') ? [file] : [];
  });

const without = (domainXml: string, diskXml: string | undefined): string =>
  diskXml === undefined ? domainXml : domainXml.replace(diskXml, () => '');

const seedOf = (domainXml: string, seedPath: string): string | undefined =>
  elements(domainXml, 'disk').find((xml) => isDrive(xml) && fileIn(xml) === seedPath);

/**
 * The definition with this medium in a drive, or without a drive for media; the same document when it is so already.
 * The seed of cloud-init, which is not booted from, makes place for the drive.
 */
export const withMedium = (definition: string, path: string | null, seedPath: string): string => {
  const medium = mediumOf(definition, seedPath);
  if (medium === (path ?? undefined)) return definition;
  const bare = without(definition, driveOf(definition, seedPath));
  const seed = seedOf(bare, seedPath);
  const board = boardOf(definition);
  // The first one: libvirt boots from no other.
  const drive = path === null ? '' : cdromXml(path, MEDIUM_TARGETS[board]);
  const moved = seed === undefined ? '' : seedDiskXml(seedPath, board, path !== null);
  const devices = `${drive}${moved}`;
  return devices === '' ? bare : withDevice(without(bare, seed), devices);
};

const hasScsi = (domainXml: string): boolean =>
  tags(domainXml, 'controller').some((tag) => attribute(tag, 'type') === 'scsi');

/** The definition with the seed of cloud-init; the same document when it has it. */
export const withSeed = (definition: string, seedPath: string): string => {
  if (seedOf(definition, seedPath) !== undefined) return definition;
  const hasDrive = driveOf(definition, seedPath) !== undefined;
  const board = boardOf(definition);
  const controller = board === 'q35' && !hasScsi(definition) ? seedControllerXml() : '';
  return withDevice(definition, `${controller}${seedDiskXml(seedPath, board, hasDrive)}`);
};

const SOURCE = /<source(?:\s[^>]*)?\/>|<source(?:\s[^>]*[^/])?>[\s\S]*?<\/source>/;
const CHAIN = /<backingStore(?:\s[^>]*)?\/>|<backingStore(?:\s[^>]*)?>[\s\S]*<\/backingStore>/;
/** Whether it is open says the guest: libvirt refuses who says otherwise. */
const TRAY = /\stray=(?:'[^']*'|"[^"]*")/;
const DRIVER = /<driver(?:\s[^>]*)?\/>/;

/**
 * The drive for media of a domain that runs, as it has it, with this medium in it; null: empty.
 * @returns undefined when it was started without one
 */
export const changedDriveXml = (liveXml: string, path: string | null, seedPath: string): string | undefined => {
  const drive = driveOf(liveXml, seedPath);
  if (drive === undefined) return undefined;
  const empty = drive.replace(CHAIN, '').replace(SOURCE, '').replace(TRAY, '');
  if (path === null) return empty;
  const source = `<driver name="qemu" type="raw"/><source file="${escaped(path)}"/>`;
  return empty.replace(DRIVER, '').replace(/^<disk\s[^>]*>/, (open) => `${open}${source}`);
};
