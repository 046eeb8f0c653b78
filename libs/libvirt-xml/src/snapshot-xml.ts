import { disksOf } from './volume-xml.js';
import { attribute, elements, tags } from './read-markup.js';
import { element, renderXml } from './xml-element.js';

/** A snapshot to be taken, within the files of the disks; of a running guest with its memory. */
export const snapshotXml = (name: string, withMemory: boolean): string =>
  renderXml(
    element(
      'domainsnapshot',
      {},
      element('name', {}, name),
      element('memory', { snapshot: withMemory ? 'internal' : 'no' }),
    ),
  );

/** A snapshot that the disks of a running domain hold and libvirt has no record of, as such a record. */
export const recordedSnapshotXml = (name: string, domainXml: string): string => {
  const [domain] = elements(domainXml, 'domain');
  if (domain === undefined) throw new RangeError('this is no domain');
  const kept = disksOf(domainXml).filter(({ file }) => file?.endsWith('.qcow2') === true);
  const disks = kept.map(({ target }) => element('disk', { name: target, snapshot: 'internal' }));
  const head = renderXml(
    element(
      'domainsnapshot',
      {},
      element('name', {}, name),
      element('state', {}, 'running'),
      element('creationTime', {}, '0'),
      element('memory', { snapshot: 'internal' }),
      element('disks', {}, ...disks),
    ),
  );
  const end = head.lastIndexOf('</domainsnapshot>');
  return `${head.slice(0, end)}${domain}${head.slice(end)}`;
};

/** The domain as it was when the snapshot was taken. @throws RangeError when the record has none */
export const domainOfSnapshot = (snapshotXmlText: string): string => {
  const [domain] = elements(snapshotXmlText, 'domain');
  if (domain === undefined) throw new RangeError('the snapshot has no domain on record');
  return domain;
};

/**
 * Whether processors were plugged into a running domain: QEMU is started without them, and so takes no memory of a machine
 * that has them. libvirt says 'no' of those that were there at its start.
 */
export const hasPluggedVcpus = (domainXml: string): boolean =>
  tags(domainXml, 'vcpu').some((tag) => attribute(tag, 'enabled') === 'yes' && attribute(tag, 'hotpluggable') !== 'no');
