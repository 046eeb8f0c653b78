import type { ObservedLinks, PortLinkState } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import {
  areOtherLinks,
  driftIn,
  linkOfCard,
  linksOf,
  linksToDefine,
  sizesToDefine,
  specOf,
  specWithCard,
} from './vm-spec.js';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const PULLED = { [MAC]: 'DOWN' };
const difference = (of: 'definition' | 'live', actual: number) => ({
  path: `${of}.links.${MAC}`,
  declared: 1 - actual,
  actual,
});
const on = (definition: PortLinkState, live: PortLinkState): ObservedLinks => ({
  definition: [{ mac: MAC, linkState: definition }],
  live: [{ mac: MAC, linkState: live }],
});

describe('the sizes of a row', () => {
  it('are defined as somebody has made the definition, unless its nodes are of other room', () => {
    const drift = [{ path: 'definition.maxMemoryMib', declared: 128, actual: 256 }];
    const row = { vcpus: 1, maxVcpus: null, memoryMib: 128, maxMemoryMib: null, drift };
    expect(sizesToDefine({ ...row, hardware: {} }).maxMemoryMib).toBe(256);
    const numaNodes = [{ vcpus: '0', memoryMib: 128, hostNode: null }];
    expect(sizesToDefine({ ...row, hardware: { numaNodes } }).maxMemoryMib).toBe(128);
    expect(sizesToDefine({ ...row, hardware: { hugePages: 'MIB_2' } }).maxMemoryMib).toBe(256);
  });
});

describe('the links of a row', () => {
  it('are looked at again only where a host tells of other ones than are known', () => {
    expect(areOtherLinks({ links: {}, drift: [] }, on('UP', 'UP'))).toBe(false);
    expect(areOtherLinks({ links: PULLED, drift: [] }, on('DOWN', 'DOWN'))).toBe(false);
    expect(areOtherLinks({ links: {}, drift: [] }, on('UP', 'DOWN'))).toBe(true);
    expect(areOtherLinks({ links: {}, drift: [difference('live', 0)] }, on('UP', 'DOWN'))).toBe(false);
    expect(areOtherLinks({ links: {}, drift: [difference('live', 0)] }, on('UP', 'UP'))).toBe(true);
    // Drift of a size beside them is none of theirs.
    const drift = [{ path: 'live.vcpus', declared: 1, actual: 2 }, difference('live', 0)];
    expect(driftIn({ drift })).toHaveLength(2);
    expect(areOtherLinks({ links: {}, drift }, on('UP', 'DOWN'))).toBe(false);
  });

  it('are defined as somebody has made the definition, whatever was done to what ran', () => {
    expect(linksToDefine({ links: PULLED, drift: [] })).toEqual(PULLED);
    expect(linksToDefine({ links: PULLED, drift: [difference('live', 1)] })).toEqual(PULLED);
    expect(linksToDefine({ links: PULLED, drift: [difference('definition', 1)] })).toEqual({});
    expect(linksToDefine({ links: {}, drift: [difference('definition', 0)] })).toEqual(PULLED);
  });

  it('of a card that comes are as the definition shall be, and out where they were of the one whose place it takes', () => {
    const pluggedInByHand = { links: PULLED, drift: [difference('definition', 1)] };
    expect(linkOfCard({ links: PULLED, drift: [] }, MAC)).toBe('DOWN');
    expect(linkOfCard(pluggedInByHand, MAC)).toBe('UP');
    expect(linkOfCard({ links: PULLED, drift: [] }, OTHER)).toBe('UP');
    // Nobody's cable is plugged in by a change.
    expect(linkOfCard({ links: PULLED, drift: [] }, OTHER, MAC)).toBe('DOWN');
    expect(linkOfCard(pluggedInByHand, OTHER, MAC)).toBe('DOWN');
    expect(linkOfCard({ links: {}, drift: [difference('definition', 0)] }, OTHER, MAC)).toBe('DOWN');
  });

  it('go along to the card that comes in the place of another, and nobody plugs a cable in by that', () => {
    const sizes = { vcpus: 1, maxVcpus: null, memoryMib: 128, maxMemoryMib: null, autostart: false, hardware: {} };
    const after = (links: Record<string, string>, drift: ReturnType<typeof difference>[] = [], had = [MAC]): unknown =>
      specWithCard(specOf({ ...sizes, links }), { links, drift }, { got: OTHER, had }).links;
    const both = { ...PULLED, [OTHER]: 'DOWN' };
    expect(after({})).toEqual({});
    expect(after(PULLED)).toEqual(both);
    // What was done to the definition by hand: out it stays, in it is not without being declared.
    expect(after({}, [difference('definition', 0)])).toEqual({ [OTHER]: 'DOWN' });
    expect(after(PULLED, [difference('definition', 1)])).toEqual(both);
    // Of a card that it has no more nothing goes along.
    expect(after(PULLED, [], [])).toEqual(PULLED);
  });

  it('that another version wrote and this one does not know are none', () => {
    expect(linksOf({ links: { [MAC]: 'SLOW' } })).toEqual({});
    expect(linksOf({ links: null })).toEqual({});
  });
});
