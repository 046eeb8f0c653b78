import { describe, expect, it } from '@jest/globals';
import type { DomainSizes, ObservedLinks, PortLink, PortLinkState, VmSizes } from '@infinibay/contracts';
import {
  adopted,
  adoptedLinks,
  driftOf,
  isOfLink,
  nextSpecStep,
  ofDefinition,
  ofRunning,
  pendingRestartOf,
  type DomainComparison,
  type Drift,
} from './domain-comparison.js';
import type { DownLinks } from './vm-spec.js';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const NONE: ReadonlySet<string> = new Set();
const DOWN: DownLinks = { [MAC]: 'DOWN' };

const want: VmSizes = { vcpus: 2, maxVcpus: 4, memoryMib: 256, maxMemoryMib: 512 };
const asWanted: DomainSizes = { vcpus: 2, maxVcpus: 4, memoryKib: 262_144, maxMemoryKib: 524_288 };
const cards = (linkState: PortLinkState): PortLink[] => [
  { mac: MAC, linkState },
  { mac: OTHER, linkState: 'UP' },
];

const compared = (
  wanted: DownLinks,
  have: ObservedLinks | null,
  changes: Partial<DomainComparison> = {},
): DomainComparison => ({
  want,
  have: { definition: asWanted, live: have?.live === null ? null : asWanted },
  links: { want: wanted, have },
  ...changes,
});

describe('the links of a spec', () => {
  it('are brought to the definition, then to what runs, and only where they differ', () => {
    const next = (definition: PortLinkState, live: PortLinkState | null, completed = NONE) =>
      nextSpecStep(
        compared(DOWN, { definition: cards(definition), live: live === null ? null : cards(live) }),
        completed,
      );
    expect(next('UP', 'UP')).toBe('redefine');
    expect(next('DOWN', 'UP')).toBe('update-live');
    expect(next('DOWN', 'DOWN')).toBeNull();
    expect(next('UP', null)).toBe('redefine');
    expect(next('DOWN', null)).toBeNull();
    // Each once: who does not take it does not keep the worker.
    expect(next('UP', 'UP', new Set(['redefine']))).toBe('update-live');
    expect(next('UP', 'UP', new Set(['redefine', 'update-live']))).toBeNull();
    expect(nextSpecStep(compared({}, { definition: cards('UP'), live: cards('DOWN') }), NONE)).toBe('update-live');
  });

  it('that shall be down are asked of an agent that tells nothing of links, and others are not', () => {
    expect(nextSpecStep(compared(DOWN, null), NONE)).toBe('redefine');
    expect(nextSpecStep(compared({}, null), NONE)).toBeNull();
    expect(driftOf(compared(DOWN, null), []).drift).toEqual([]);
  });

  it('of a port that the domain does not have are no difference', () => {
    const gone = { '52:54:00:00:00:03': 'DOWN' } as const;
    const both = { definition: cards('UP'), live: cards('UP') };
    expect(nextSpecStep(compared(gone, both), NONE)).toBeNull();
    expect(driftOf(compared(gone, both), []).drift).toEqual([]);
  });

  it('are changed without a word about sizes that somebody has made others, which stay drift', () => {
    const standing: Drift[] = [{ path: 'live.memoryMib', declared: 256, actual: 128 }];
    const have = { definition: asWanted, live: { ...asWanted, memoryKib: 131_072 } };
    const drifted = compared({}, { definition: cards('UP'), live: cards('UP') }, { have, standing });
    expect(nextSpecStep(drifted, NONE)).toBeNull();
    expect(pendingRestartOf(drifted)).toEqual([]);
    expect(driftOf(drifted, pendingRestartOf(drifted)).drift).toEqual(standing);
    expect(nextSpecStep({ ...drifted, standing: [] }, NONE)).toBe('update-live');
  });
});

describe('drift of links', () => {
  const { drift } = driftOf(compared(DOWN, { definition: cards('UP'), live: cards('DOWN') }), []);

  it('is told of each port by its MAC address, 1 for up and 0 for down', () => {
    expect(drift).toEqual([{ path: `definition.links.${MAC}`, declared: 0, actual: 1 }]);
    const pulled = driftOf(compared({}, { definition: cards('UP'), live: cards('DOWN') }), []);
    expect(pulled).toEqual({
      pendingRestart: [],
      drift: [{ path: `live.links.${MAC}`, declared: 1, actual: 0 }],
    });
    expect(pulled.drift.every(isOfLink)).toBe(true);
    expect(isOfLink({ path: 'live.vcpus' })).toBe(false);
  });

  it('is adopted: what the definition became, else what runs; and sizes are not touched by it', () => {
    const live: Drift = { path: `live.links.${MAC}`, declared: 1, actual: 0 };
    const definition: Drift = { path: `definition.links.${MAC}`, declared: 1, actual: 1 };
    expect(adoptedLinks({}, [live])).toEqual(DOWN);
    expect(adoptedLinks({}, [definition, live])).toEqual({});
    expect(adoptedLinks({ ...DOWN, [OTHER]: 'DOWN' }, drift)).toEqual({ [OTHER]: 'DOWN' });
    expect(adopted(want, [live, definition])).toEqual(want);
    expect([ofDefinition([live, definition]), ofRunning([live, definition])]).toEqual([[definition], [live]]);
  });
});
