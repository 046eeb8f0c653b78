import type { VmNic } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { cardOf, cardXml, withoutCard } from './card-xml.js';
import { interfacesOf } from './libvirt-answers.js';
import { portLinksOf } from './port-links.js';
import { withDevice } from './volume-xml.js';

const nic = (last: number): VmNic => ({
  portId: `0196f5a0-0000-7000-8000-0000000000c${last}`,
  networkId: `0196f5a0-0000-7000-8000-0000000000b${last}`,
  mac: `52:54:00:00:00:0${last}`,
  address: `10.80.${last}.10`,
  networkName: `infinibay-${last}`,
});
const [FIRST, SECOND] = [nic(1), nic(2)];
const EMPTY = '<domain><devices><emulator>/usr/bin/qemu</emulator></devices></domain>';
const card = (of: VmNic, slot: number, linkState: 'UP' | 'DOWN' = 'UP', domain = EMPTY): string =>
  cardXml({ nic: of, slot, filterName: 'infinibay-vm', linkState }, domain);

describe('a further card of a domain', () => {
  const both = withDevice(withDevice(EMPTY, card(FIRST, 1)), card(SECOND, 2, 'DOWN'));

  it('is behind the filter of the VM with its own addresses, and has the link that it shall have', () => {
    expect(interfacesOf(both).map(({ mac, address, filterName }) => [mac, address, filterName])).toEqual([
      [FIRST.mac, FIRST.address, 'infinibay-vm'],
      [SECOND.mac, SECOND.address, 'infinibay-vm'],
    ]);
    expect(portLinksOf(both).map(({ linkState }) => linkState)).toEqual(['UP', 'DOWN']);
  });

  it('has a place on the bus that no other has', () => {
    const slots = Array.from({ length: 8 }, (_, index) => /slot="(0x[0-9a-f]+)"/.exec(card(FIRST, index + 1))?.[1]);
    expect(slots).toEqual(['0x1d', '0x1c', '0x1b', '0x1a', '0x19', '0x18', '0x17', '0x16']);
  });

  it('is put in no place where something else is, on that bus', () => {
    // As libvirt writes it.
    const at = (bus: string, slot: string): string =>
      withDevice(EMPTY, `<disk><address type='pci' domain='0x0000' bus='${bus}' slot='${slot}'/></disk>`);
    expect(card(SECOND, 1, 'UP', at('0x00', '0x1d'))).not.toContain('<address');
    expect(card(SECOND, 2, 'UP', at('0x00', '0x1d'))).toContain('slot="0x1c"');
    expect(card(SECOND, 1, 'UP', at('0x01', '0x1d'))).toContain('slot="0x1d"');
    const drive = withDevice(EMPTY, "<disk><address type='drive' controller='0' bus='0' target='0' unit='29'/></disk>");
    expect(card(SECOND, 1, 'UP', drive)).toContain('slot="0x1d"');
  });

  it('has a port of PCI Express on Q35, from the end that volumes are not given', () => {
    // As libvirt writes it.
    const q35 = `<domain><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>${EMPTY.slice('<domain>'.length)}`;
    const place = (slot: number, domain = q35): string[] =>
      /bus="(0x[0-9a-f]+)" slot="(0x[0-9a-f]+)"/.exec(card(FIRST, slot, 'UP', domain))?.slice(1) ?? [];
    expect([1, 8].map((slot) => place(slot))).toEqual([
      ['0x20', '0x00'],
      ['0x19', '0x00'],
    ]);
    const taken = withDevice(q35, "<disk><address type='pci' domain='0x0000' bus='0x20' slot='0x00'/></disk>");
    expect([place(1, taken), place(2, taken)]).toEqual([[], ['0x1f', '0x00']]);
  });

  it('is found by its MAC address however that is written, and taken out with nothing else', () => {
    expect(cardOf(both.replace(SECOND.mac, SECOND.mac.toUpperCase()), SECOND.mac)).toContain(SECOND.networkName);
    expect(cardOf(both, '52:54:00:00:00:03')).toBeUndefined();
    expect(withoutCard(both, SECOND.mac)).toBe(withDevice(EMPTY, card(FIRST, 1)));
    expect(withoutCard(both, '52:54:00:00:00:03')).toBe(both);
  });
});
