import type { HostPciDevice } from '@infinibay/contracts';
import { attribute, elements, tags, textOf, unescaped } from './read-markup.js';

/** A PCI device from what `virNodeDeviceGetXMLDesc` answered; undefined for a device of another kind. */
export const pciDeviceOf = (nodeDeviceXml: string): HostPciDevice | undefined => {
  const [capability] = tags(nodeDeviceXml, 'capability');
  if (attribute(capability, 'type') !== 'pci') return undefined;
  const driver = textOf(elements(nodeDeviceXml, 'driver')[0] ?? '', 'name');
  return {
    address: addressOf(nodeDeviceXml),
    class: hexOf(textOf(nodeDeviceXml, 'class'), 6),
    vendorId: hexOf(attribute(tags(nodeDeviceXml, 'vendor')[0], 'id'), 4),
    productId: hexOf(attribute(tags(nodeDeviceXml, 'product')[0], 'id'), 4),
    vendor: nameOf(textOf(nodeDeviceXml, 'vendor')),
    product: nameOf(textOf(nodeDeviceXml, 'product')),
    driver: driver === undefined ? null : unescaped(driver),
    iommuGroup: numberOf(attribute(tags(nodeDeviceXml, 'iommuGroup')[0], 'number')),
    numaCell: numberOf(attribute(tags(nodeDeviceXml, 'numa')[0], 'node')),
  };
};

/** libvirt writes the parts as decimal numbers. */
const addressOf = (xml: string): string => {
  const [domain, bus, slot, part] = ['domain', 'bus', 'slot', 'function'].map((name) =>
    Number(textOf(xml, name) ?? 0).toString(16),
  );
  return `${domain?.padStart(4, '0')}:${bus?.padStart(2, '0')}:${slot?.padStart(2, '0')}.${part}`;
};

/** Without the prefix that libvirt writes, and as long as the number is. */
const hexOf = (text: string | undefined, digits: number): string =>
  Number(text ?? 0)
    .toString(16)
    .padStart(digits, '0');

const nameOf = (text: string | undefined): string | null =>
  text === undefined || text === '' ? null : unescaped(text).slice(0, LONGEST_NAME);

const LONGEST_NAME = 200;

const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text));
