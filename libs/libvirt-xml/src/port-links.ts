import type { PortLink, PortLinkState } from '@infinibay/contracts';
import { attribute, elements, tags } from './read-markup.js';
import { element, renderXml } from './xml-element.js';

const LINK = /<link(?:\s[^>]*)?\/>/;

const macOf = (interfaceXml: string): string => attribute(tags(interfaceXml, 'mac')[0], 'address')?.toLowerCase() ?? '';

/** libvirt says nothing of a link that was never touched. */
const linkStateOf = (interfaceXml: string): PortLinkState =>
  attribute(tags(interfaceXml, 'link')[0], 'state') === 'down' ? 'DOWN' : 'UP';

/** The links of a domain's cards, in the order in which the domain has them. */
export const portLinksOf = (domainXml: string): PortLink[] =>
  elements(domainXml, 'interface')
    .map((xml) => ({ mac: macOf(xml), linkState: linkStateOf(xml) }))
    .filter(({ mac }) => mac !== '');

const withLinkState = (interfaceXml: string, linkState: PortLinkState): string => {
  const link = renderXml(element('link', { state: linkState.toLowerCase() }));
  return LINK.test(interfaceXml)
    ? interfaceXml.replace(LINK, () => link)
    : interfaceXml.replace(/<\/interface>$/, () => `${link}</interface>`);
};

interface Relinked {
  /** As the domain has it. */
  readonly before: string;
  readonly after: string;
}

/** The cards of a domain whose link is to become another. @param down MAC addresses of those that shall have none */
const relinked = (domainXml: string, down: ReadonlySet<string>): Relinked[] =>
  elements(domainXml, 'interface').flatMap((before) => {
    const mac = macOf(before);
    const wanted = down.has(mac) ? 'DOWN' : 'UP';
    return mac === '' || linkStateOf(before) === wanted ? [] : [{ before, after: withLinkState(before, wanted) }];
  });

/** The domain with these links and no other change: the same document when it has them. */
export const withPortLinks = (domainXml: string, down: ReadonlySet<string>): string =>
  relinked(domainXml, down).reduce((xml, { before, after }) => xml.replace(before, () => after), domainXml);

/** Each card whose link is to become another, as the whole device that libvirt takes for a change of it. */
export const cardsWithOtherLinks = (domainXml: string, down: ReadonlySet<string>): string[] =>
  relinked(domainXml, down).map(({ after }) => after);
