import { describe, expect, it } from '@jest/globals';
import { DEFAULT_HARDWARE } from '../spec/hardware.js';
import { decidePlacement, placeInTurn } from './decide.js';
import { DEFAULT_PLACEMENT, type HostCandidate, type PlacementRequest } from './fleet.js';
import { isViolated, withoutHost, type GroupPolicy, type GroupStrictness, type VmGroup } from './groups.js';

/** Each has less memory to promise than the one before, so that without groups the first is always chosen. */
const hosts = ['h1', 'h2', 'h3'].map((hostId, index): HostCandidate => ({
  hostId,
  hostname: hostId,
  memoryMib: 65_536 - index * 16_384,
  committedMib: 0,
  cpus: 4,
  committedVcpus: 0,
  online: true,
  inMaintenance: false,
  filters: true,
  images: new Set(['i1']),
  hardware: null,
  tuning: null,
  pageClaims: [],
  cpuRatio: null,
  memoryRatio: null,
}));

/** @param where by VM: its host, or both of one that is on its way */
const group = (policy: GroupPolicy, strictness: GroupStrictness, where: Record<string, string> = {}): VmGroup => ({
  id: `${policy} ${strictness}`,
  policy,
  strictness,
  members: Object.entries(where).map(([vmId, hostIds]) => ({ vmId, hostIds: hostIds.split(' ') })),
});
const asked = (groups: VmGroup[], vmId: string | null = null): PlacementRequest => ({
  imageId: 'i1',
  memoryMib: 128,
  vcpus: 1,
  hardware: DEFAULT_HARDWARE,
  vmId,
  groups,
});
const verdicts = (groups: VmGroup[], vmId: string | null = null) => {
  const decision = decidePlacement(hosts, asked(groups, vmId), DEFAULT_PLACEMENT);
  return new Map(decision.verdicts.map(({ hostId, refusal, score }) => [hostId, refusal?.rule ?? score]));
};
const allowed = (policy: GroupPolicy, where: Record<string, string>, vmId: string | null = null): string[] =>
  [...verdicts([group(policy, 'REQUIRED', where)], vmId)]
    .filter(([, found]) => typeof found !== 'string')
    .map(([hostId]) => hostId)
    .sort();

describe('a REQUIRED placement group', () => {
  it.each<[GroupPolicy, Record<string, string>, string[]]>([
    ['APART', {}, ['h1', 'h2', 'h3']],
    ['APART', { a: 'h1' }, ['h2', 'h3']],
    ['APART', { a: 'h1', b: 'h2' }, ['h3']],
    // It may end on either.
    ['APART', { a: 'h1 h2' }, ['h3']],
    // Broken before, and no more so.
    ['APART', { a: 'h1', b: 'h1' }, ['h2', 'h3']],
    ['TOGETHER', {}, ['h1', 'h2', 'h3']],
    ['TOGETHER', { a: 'h2' }, ['h2']],
    ['TOGETHER', { a: 'gone' }, []],
    ['TOGETHER', { a: 'h1 h2' }, []],
    ['TOGETHER', { a: 'h1 h2', b: 'h2' }, ['h2']],
    ['TOGETHER', { a: 'h1', b: 'h2' }, ['h1', 'h2']],
  ])('%s, with %j, takes a new VM on %j', (policy, where, expected) => {
    expect(allowed(policy, where)).toEqual(expected);
  });

  it('does not ask where the VM is itself that is to be moved', () => {
    expect(allowed('APART', { a: 'h1', b: 'h2' }, 'a')).toEqual(['h1', 'h3']);
    expect(allowed('TOGETHER', { a: 'h1' }, 'a')).toEqual(['h1', 'h2', 'h3']);
    expect(allowed('TOGETHER', { a: 'h1', b: 'h1' }, 'a')).toEqual(['h1']);
    // One that is elsewhere is brought to the others.
    expect(allowed('TOGETHER', { a: 'h1', b: 'h2', c: 'h2' }, 'a')).toEqual(['h2']);
  });

  it('is told by its rule and its id', () => {
    const groups = [group('APART', 'REQUIRED', { a: 'h1' }), group('TOGETHER', 'REQUIRED', { b: 'h2' })];
    const { hostId, verdicts: found } = decidePlacement(hosts, asked(groups), DEFAULT_PLACEMENT);
    expect(hostId).toBe('h2');
    expect(found.slice(1).map(({ refusal }) => [refusal?.rule, refusal?.groupId])).toEqual([
      ['apart-from', 'APART REQUIRED'],
      ['together-with', 'TOGETHER REQUIRED'],
    ]);
  });

  it('counts what is placed before, and no more where that was', () => {
    const chosen = (of: VmGroup, vmIds: (string | null)[]): (string | null)[] => {
      const requests = vmIds.map((vmId) => asked([of], vmId));
      return placeInTurn(hosts, requests, DEFAULT_PLACEMENT).map(({ hostId }) => hostId);
    };
    expect(chosen(group('APART', 'REQUIRED'), [null, null, null, null])).toEqual(['h1', 'h2', 'h3', null]);
    expect(chosen(group('TOGETHER', 'REQUIRED'), [null, null])).toEqual(['h1', 'h1']);
    const gone = withoutHost(group('TOGETHER', 'REQUIRED', { a: 'h0', b: 'h0' }), 'h0');
    expect(chosen(gone, ['a', 'b'])).toEqual(['h1', 'h1']);
    // Each of them leaves alone, while the other is there yet.
    expect(chosen(group('TOGETHER', 'REQUIRED', { a: 'h0', b: 'h0' }), ['a', 'b'])).toEqual([null, null]);
    expect(chosen(group('APART', 'REQUIRED', { a: 'h0', b: 'h1' }), ['a'])).toEqual(['h2']);
  });
});

describe('a PREFERRED placement group', () => {
  const best = (groups: VmGroup[], vmId: string | null = null) =>
    decidePlacement(hosts, asked(groups, vmId), DEFAULT_PLACEMENT).hostId;

  it('comes before free memory, after packet filters, and refuses no host', () => {
    expect(best([group('APART', 'PREFERRED', { a: 'h1' })])).toBe('h2');
    expect(best([group('TOGETHER', 'PREFERRED', { a: 'h3' })])).toBe('h3');
    // Where fewest are, and where most are.
    expect(best([group('APART', 'PREFERRED', { a: 'h1', b: 'h2', c: 'h2', d: 'h3', e: 'h3' })])).toBe('h1');
    expect(best([group('TOGETHER', 'PREFERRED', { a: 'h1', b: 'h3', c: 'h3' })])).toBe('h3');
    expect(best([group('TOGETHER', 'PREFERRED', { a: 'h0 h2' })])).toBe('h2');
    const bare = hosts.map((host) => ({ ...host, filters: host.hostId === 'h1' }));
    const preferring = asked([group('APART', 'PREFERRED', { a: 'h1' })]);
    expect(decidePlacement(bare, preferring, DEFAULT_PLACEMENT).hostId).toBe('h1');
  });

  it('is told in the score of each host', () => {
    const groups = [group('APART', 'PREFERRED', { a: 'h1', b: 'h2' }), group('TOGETHER', 'PREFERRED', { a: 'h1' })];
    const unmet = [...verdicts(groups)].map(([hostId, found]) =>
      typeof found === 'object' && found !== null ? [hostId, found.unmetPreferences] : [hostId],
    );
    // Of equals the one with more memory comes first.
    expect(unmet).toEqual([
      ['h1', 1],
      ['h3', 1],
      ['h2', 2],
    ]);
  });
});

describe(isViolated, () => {
  it.each<[GroupPolicy, string[], boolean]>([
    ['APART', [], false],
    ['APART', ['h1', 'h2'], false],
    ['APART', ['h1', 'h2', 'h1'], true],
    ['TOGETHER', [], false],
    ['TOGETHER', ['h1', 'h1'], false],
    ['TOGETHER', ['h1', 'h2'], true],
  ])('%s on %j: %s', (policy, hostIds, violated) => {
    expect(isViolated(policy, hostIds)).toBe(violated);
  });
});
