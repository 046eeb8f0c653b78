import { describe, expect, it } from '@jest/globals';
import { cardsWithOtherLinks, portLinksOf, withPortLinks } from './port-links.js';

const [FIRST, SECOND] = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;

/** As libvirt writes cards of what runs. */
const card = (mac: string, link = ''): string => `<interface type='network'>
      <mac address='${mac}'/>
      <source network='infinibay-1' portid='0196f5a0-0000-7000-8000-000000000009' bridge='ib1'/>
      <target dev='vnet0'/>
      <model type='virtio'/>
      <filterref filter='f'><parameter name='IP' value='10.80.0.10'/></filterref>${link}
      <alias name='net0'/>
    </interface>`;
const domain = (...cards: readonly string[]): string =>
  `<domain type='kvm' id='1'><name>vm</name><devices>${cards.join('\n    ')}<memballoon model='virtio'/></devices></domain>`;
const DOWN = `<link state='down'/>`;
const UP = `<link state='up'/>`;

describe('links of cards', () => {
  it('are up unless libvirt says otherwise', () => {
    expect(portLinksOf(domain(card(FIRST), card(SECOND, DOWN)))).toEqual([
      { mac: FIRST, linkState: 'UP' },
      { mac: SECOND, linkState: 'DOWN' },
    ]);
    expect(portLinksOf(domain(card('52:54:00:AA:00:01', UP)))).toEqual([{ mac: '52:54:00:aa:00:01', linkState: 'UP' }]);
    expect(portLinksOf(domain())).toEqual([]);
  });

  it('become what is asked for, and nothing else of the domain does', () => {
    const pulled = withPortLinks(domain(card(FIRST), card(SECOND, DOWN)), new Set([FIRST]));
    expect(portLinksOf(pulled)).toEqual([
      { mac: FIRST, linkState: 'DOWN' },
      { mac: SECOND, linkState: 'UP' },
    ]);
    expect(pulled.replaceAll(/<link state="(?:up|down)"\/>/g, '')).toBe(domain(card(FIRST), card(SECOND)));
    expect(withPortLinks(pulled, new Set([FIRST]))).toBe(pulled);
    const untouched = domain(card(FIRST), card(SECOND, UP));
    expect(withPortLinks(untouched, new Set())).toBe(untouched);
    // Of a card that it does not have.
    expect(withPortLinks(untouched, new Set(['52:54:00:00:00:03']))).toBe(untouched);
  });

  it('are asked of a running domain card by card, each with all that libvirt knows of it', () => {
    const [only, ...others] = cardsWithOtherLinks(domain(card(FIRST), card(SECOND)), new Set([SECOND]));
    expect(others).toEqual([]);
    expect(only).toContain(`<target dev='vnet0'/>`);
    expect(only?.replace('<link state="down"/>', '')).toBe(card(SECOND));
    expect(cardsWithOtherLinks(domain(card(FIRST, DOWN)), new Set([FIRST]))).toEqual([]);
    expect(cardsWithOtherLinks(domain(card(FIRST, DOWN)), new Set())).toEqual([card(FIRST, '<link state="up"/>')]);
  });
});
