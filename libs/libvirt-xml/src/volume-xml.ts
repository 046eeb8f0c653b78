import { volumeSerial } from '@infinibay/contracts';
import { attribute, elements, tags, textOf, unescaped } from './read-markup.js';
import { element, renderXml } from './xml-element.js';

const PREFIX = 'volume-';
const SUFFIX = '.qcow2';

/** Name of the file that a volume is. */
export const volumeFileName = (volumeId: string): string => `${PREFIX}${volumeId}${SUFFIX}`;

/** The volume whose file is called so; undefined for any other name. The id is as it stands there, unchecked. */
export const volumeIdOfFile = (name: string): string | undefined =>
  name.startsWith(PREFIX) && name.endsWith(SUFFIX) ? name.slice(PREFIX.length, -SUFFIX.length) : undefined;

/** A volume as a disk of a domain. The guest tells it by its serial, whatever it calls the disk. */
export const volumeDiskXml = (volumeId: string, path: string, target: string): string =>
  renderXml(
    element(
      'disk',
      { type: 'file', device: 'disk' },
      element('driver', { name: 'qemu', type: 'qcow2', discard: 'unmap' }),
      element('source', { file: path }),
      element('target', { dev: target, bus: 'virtio' }),
      element('serial', {}, volumeSerial(volumeId)),
    ),
  );

export interface DomainDisk {
  /** undefined: an empty drive, or one that is no file. */
  readonly file: string | undefined;
  readonly target: string;
  readonly serial: string | undefined;
}

/** Disks of a domain, floppies and CDs included. */
export const disksOf = (domainXml: string): DomainDisk[] =>
  elements(domainXml, 'disk').map((xml) => {
    const serial = textOf(xml, 'serial');
    return {
      file: attribute(tags(xml, 'source')[0], 'file'),
      target: attribute(tags(xml, 'target')[0], 'dev') ?? '',
      serial: serial === undefined ? undefined : unescaped(serial),
    };
  });

/** The definition with one more device; for drivers that attach none. */
export const withDevice = (domainXml: string, deviceXml: string): string => {
  const end = domainXml.lastIndexOf('</devices>');
  if (end === -1) throw new RangeError('the domain has no devices');
  return `${domainXml.slice(0, end)}${deviceXml}${domainXml.slice(end)}`;
};

/** The definition without the disks of this file; for drivers that detach none. */
export const withoutDisk = (domainXml: string, path: string): string =>
  elements(domainXml, 'disk')
    .filter((xml) => attribute(tags(xml, 'source')[0], 'file') === path)
    .reduce((rest, xml) => rest.replace(xml, () => ''), domainXml);
