import type { ObservedLinks, PortLink } from '@infinibay/contracts';
import type { DownLinks } from './vm-spec.js';

/** The links of a VM's ports as they are declared, and as its host has them; null: its agent knows nothing of links. */
export interface LinkComparison {
  readonly want: DownLinks;
  readonly have: ObservedLinks | null;
}

/** With the port's MAC address. */
export type LinkPath = `links.${string}`;

/** A link that is not as it is declared: 1 is up, 0 is down. */
export interface LinkDifference {
  readonly path: LinkPath;
  readonly declared: number;
  readonly actual: number;
}

const [UP, DOWN] = [1, 0];

/** A port that the domain does not have has no link there that could be otherwise. */
export const linkDifferences = (want: DownLinks, cards: readonly PortLink[] | null): LinkDifference[] =>
  (cards ?? []).flatMap(({ mac, linkState }): LinkDifference[] => {
    const [declared, actual] = [want[mac] === 'DOWN' ? DOWN : UP, linkState === 'DOWN' ? DOWN : UP];
    return declared === actual ? [] : [{ path: `links.${mac}`, declared, actual }];
  });

/**
 * Whether anything is to be done about the links of the definition, or of what runs. Where the host's agent does not tell,
 * a link that shall be down is asked for, so that who wants it hears why it does not come about.
 */
export const areLinksDue = (links: LinkComparison | null, of: 'definition' | 'live'): boolean => {
  if (links === null) return false;
  const { want, have } = links;
  return have === null ? Object.keys(want).length > 0 : linkDifferences(want, have[of]).length > 0;
};

/** Of a number that stands for one. */
export const isLinkUp = (value: number): boolean => value !== DOWN;
