import { z } from 'zod';
import { MacAddress } from './scalars.js';

/** More cards than any VM of ours has: somebody may have written anything into the domain. */
export const MAX_CARDS = 256;

/** VMs in one report of links: with 16 ports each it fits into a message of NATS. */
export const MAX_VMS_OF_LINKS = 250;

export const PortLinkState = z.enum(['UP', 'DOWN']);
export type PortLinkState = z.infer<typeof PortLinkState>;

export const PortLink = z.object({ mac: MacAddress, linkState: PortLinkState }).meta({
  id: 'PortLink',
  description: 'Whether the card of a VM has a link; DOWN is a cable that is not plugged in',
});
export type PortLink = z.infer<typeof PortLink>;

const cards = z.array(PortLink).max(MAX_CARDS);

export const ObservedLinks = z
  .object({
    definition: cards.nullable().describe('What the next start makes of it; null when nothing is defined'),
    live: cards.nullable().describe('What runs now; null when nothing does'),
  })
  .meta({ id: 'ObservedLinks', description: 'The links of the cards of a VM on its host' });
export type ObservedLinks = z.infer<typeof ObservedLinks>;
