import type { PortLinkState, VmNic } from '@infinibay/contracts';
import { NO_BOOT_CODE, networkCard } from './domain-xml.js';
import { Q35_PORTS, isOnQ35 } from './hardware-xml.js';
import { attribute, elements, tags } from './read-markup.js';
import { element, renderXml, type XmlElement } from './xml-element.js';

/** The slot of the screen is the one after it; volumes are given slots from the other end of the bus. */
const SLOT_BEFORE_SCREEN = 0x1d;

export interface FurtherCard {
  readonly nic: VmNic;
  /** Which of the places for further cards it has, from 1. */
  readonly slot: number;
  /** null where the driver has no filters. */
  readonly filterName: string | null;
  readonly linkState: PortLinkState;
}

/**
 * A card of a domain beside its first one. It has a place on the bus that no other device is given, so that its guest has
 * it there however often its definition is written, and no disk moves when it comes or goes. Where something else is in
 * that place libvirt finds it another: a card that has become the first one stays where it was until the next start, and
 * a guest with many volumes has one there. On Q35 nothing is plugged into the first bus of a guest that runs: the places
 * there are the last ports of PCI Express, each a bus of its own, and volumes are given ports from the other end.
 * @param domainXml what it shall be a card of
 */
export const cardXml = ({ nic, slot, filterName, linkState }: FurtherCard, domainXml: string): string => {
  const place = isOnQ35(domainXml)
    ? { bus: Q35_PORTS + 1 - slot, slot: 0 }
    : { bus: 0, slot: SLOT_BEFORE_SCREEN + 1 - slot };
  return renderXml(
    networkCard(
      nic,
      filterName,
      NO_BOOT_CODE,
      ...(linkState === 'DOWN' ? [element('link', { state: 'down' })] : []),
      ...(isTaken(domainXml, place) ? [] : [at(place)]),
    ),
  );
};

interface Place {
  readonly bus: number;
  readonly slot: number;
}

const at = ({ bus, slot }: Place): XmlElement =>
  element('address', {
    type: 'pci',
    domain: '0x0000',
    bus: hex(bus),
    slot: hex(slot),
    function: '0x0',
  });

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const isTaken = (domainXml: string, { bus, slot }: Place): boolean =>
  tags(domainXml, 'address').some(
    (tag) =>
      attribute(tag, 'type') === 'pci' &&
      Number(attribute(tag, 'bus')) === bus &&
      Number(attribute(tag, 'slot')) === slot,
  );

/** The card as the domain has it, with all that libvirt knows of it; undefined: it has no such card. */
export const cardOf = (domainXml: string, mac: string): string | undefined =>
  elements(domainXml, 'interface').find(
    (xml) => attribute(tags(xml, 'mac')[0], 'address')?.toLowerCase() === mac.toLowerCase(),
  );

/** The definition without the card; the same document when it does not have it. */
export const withoutCard = (domainXml: string, mac: string): string => {
  const card = cardOf(domainXml, mac);
  return card === undefined ? domainXml : domainXml.replace(card, () => '');
};
