import type { PortLinkState, VmNic } from '@infinibay/contracts';
import { networkCard } from './domain-xml.js';
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
 * a guest with many volumes has one there.
 * @param domainXml what it shall be a card of
 */
export const cardXml = ({ nic, slot, filterName, linkState }: FurtherCard, domainXml: string): string => {
  const place = SLOT_BEFORE_SCREEN + 1 - slot;
  return renderXml(
    networkCard(
      nic,
      filterName,
      ...(linkState === 'DOWN' ? [element('link', { state: 'down' })] : []),
      ...(isTaken(domainXml, place) ? [] : [inSlot(place)]),
    ),
  );
};

const inSlot = (place: number): XmlElement =>
  element('address', {
    type: 'pci',
    domain: '0x0000',
    bus: '0x00',
    slot: `0x${place.toString(16)}`,
    function: '0x0',
  });

const isTaken = (domainXml: string, place: number): boolean =>
  tags(domainXml, 'address').some(
    (tag) =>
      attribute(tag, 'type') === 'pci' &&
      Number(attribute(tag, 'bus')) === 0 &&
      Number(attribute(tag, 'slot')) === place,
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
