import { describe, expect, it } from '@jest/globals';
import { hostPortLinksObserved } from '../reports/host.reports.js';
import { setPortLinks } from '../requests/port-links.requests.js';
import { MAX_VMS_OF_LINKS, type PortLink } from './port-links.js';

/** What NATS takes as one message, as every configuration of ours has it. */
const MAX_PAYLOAD_BYTES = 1_048_576;
const VM = '0196f5a0-0000-7000-8000-000000000001';

const macOf = (index: number): string => `52:54:00:00:00:${index.toString(16).padStart(2, '0')}`;
const cards = (count: number): PortLink[] =>
  Array.from({ length: count }, (_, index) => ({ mac: macOf(index), linkState: 'DOWN' }));

describe('links of ports', () => {
  it('of as many VMs as one report may hold, with sixteen ports each, fit into a message', () => {
    const one = { vmId: VM, definition: cards(16), live: cards(16) };
    const vms = Array.from({ length: MAX_VMS_OF_LINKS }, () => one);
    const report = hostPortLinksObserved.data.parse({ hostId: VM, vms, sequence: 1 });
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(MAX_PAYLOAD_BYTES / 2);
    expect(hostPortLinksObserved.data.safeParse({ hostId: VM, vms: [...vms, one], sequence: 1 }).success).toBe(false);
  });

  it('may be down of every card that a host tells of, also of those that nobody here has made', () => {
    const down = cards(200).map(({ mac }) => mac);
    expect(setPortLinks.request.safeParse({ vmId: VM, fence: 1, of: 'definition', down }).success).toBe(true);
  });
});
