import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_HARDWARE } from '../spec/hardware.js';
import { decidePlacement, placeInTurn } from './decide.js';
import { promisableMibOf, promisableVcpusOf, type HostCandidate, type PlacementRequest } from './fleet.js';
import { isViolated, withMember, type VmGroup } from './groups.js';
import { refusalOf } from './rules.js';

const FLEETS = 300;
const seed = Number(process.env['SEED'] ?? randomInt(1_000_000));

/** mulberry32: small, and the same numbers for the same seed everywhere. */
const randomFrom = (start: number) => {
  let state = start;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const fleetsFrom = (start: number) => {
  const random = randomFrom(start);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const host = (index: number): HostCandidate => ({
    hostId: `h${index}`,
    hostname: `h${index}`,
    memoryMib: upTo(16_384),
    committedMib: upTo(8_192),
    cpus: upTo(8),
    committedVcpus: upTo(16),
    online: random() < 0.9,
    inMaintenance: random() < 0.1,
    filters: random() < 0.9,
    images: new Set(['i1', 'i2'].filter(() => random() < 0.8)),
    hardware: null,
    cpuRatio: random() < 0.7 ? null : 1 + upTo(7),
    memoryRatio: random() < 0.7 ? null : 1 + random(),
    tuning: null,
    pageClaims: [],
  });
  /** Of VMs that are somewhere, some of them on their way. */
  const group = (index: number): VmGroup => ({
    id: `g${index}`,
    policy: random() < 0.5 ? 'APART' : 'TOGETHER',
    strictness: random() < 0.7 ? 'REQUIRED' : 'PREFERRED',
    members: ['v1', 'v2', 'v3', 'v4']
      .filter(() => random() < 0.4)
      .map((vmId) => ({ vmId, hostIds: [...new Set([`h${upTo(3)}`, ...(random() < 0.1 ? [`h${upTo(9)}`] : [])])] })),
  });
  /** New ones, and some that are to be moved. */
  const request = (groups: readonly VmGroup[]): PlacementRequest => {
    const vmId = random() < 0.8 ? null : `v${1 + upTo(3)}`;
    const isIn = ({ members }: VmGroup): boolean =>
      vmId === null ? random() < 0.3 : members.some((member) => member.vmId === vmId);
    return {
      imageId: random() < 0.5 ? 'i1' : 'i2',
      memoryMib: 64 + upTo(4_096),
      vcpus: 1 + upTo(4),
      hardware: DEFAULT_HARDWARE,
      vmId,
      groups: groups.filter(isIn),
    };
  };
  const grouped = () => {
    const groups = Array.from({ length: upTo(4) }, (_none, index) => group(index));
    return { groups, requests: Array.from({ length: 1 + upTo(40) }, () => request(groups)) };
  };
  return Array.from({ length: FLEETS }, () => ({
    hosts: Array.from({ length: upTo(12) }, (_none, index) => host(index)),
    added: host(99),
    ...grouped(),
    settings: {
      cpuRatio: random() < 0.3 ? null : 1 + upTo(15),
      memoryRatio: 1 + random(),
      hostReserveMib: upTo(1_024),
      requireFilters: random() < 0.5,
    },
  }));
};

/** Whatever becomes of those that are on their way. */
const holds = ({ policy, members }: VmGroup): boolean =>
  !isViolated(
    policy,
    members.flatMap(({ hostIds }) => hostIds),
  );

describe(`random fleets of SEED=${seed}`, () => {
  const fleets = fleetsFrom(seed);

  it('hold both VMs that can be placed and VMs that cannot', () => {
    const placed = fleets.flatMap(({ hosts, requests, settings }) => placeInTurn(hosts, requests, settings));
    expect(new Set(placed.map(({ hostId }) => hostId === null)).size).toBe(2);
  });

  it('never give a VM to a host that a rule refuses, and refuse it only when every host is refused', () => {
    for (const { hosts, requests, settings } of fleets)
      for (const request of requests) {
        const free = hosts.filter((host) => refusalOf(host, request, settings) === null).map(({ hostId }) => hostId);
        const { hostId, verdicts } = decidePlacement(hosts, request, settings);
        expect(free.length === 0 ? hostId === null : free.includes(hostId ?? '')).toBe(true);
        expect(verdicts).toHaveLength(hosts.length);
      }
  });

  it('give the same answer in whatever order the hosts are listed', () => {
    for (const { hosts, requests, settings } of fleets) {
      const answer = placeInTurn(hosts, requests, settings);
      expect(placeInTurn([...hosts].reverse(), requests, settings)).toEqual(answer);
    }
  });

  it('never lose a possible placement by a further host', () => {
    for (const { hosts, added, requests, settings } of fleets)
      for (const request of requests) {
        if (decidePlacement(hosts, request, settings).hostId === null) continue;
        expect(decidePlacement([...hosts, added], request, settings).hostId).not.toBeNull();
      }
  });

  it('never break a REQUIRED placement group that holds', () => {
    const rules = new Set<string>();
    let kept = 0;
    for (const { hosts, groups, requests, settings } of fleets) {
      const decisions = placeInTurn(hosts, requests, settings);
      for (const { verdicts } of decisions) for (const { refusal } of verdicts) rules.add(refusal?.rule ?? '');
      for (const group of groups.filter((one) => one.strictness === 'REQUIRED' && holds(one))) {
        const after = requests.reduce((before, { vmId, groups: of }, index) => {
          const hostId = decisions[index]?.hostId ?? null;
          return hostId !== null && of.includes(group) ? withMember(before, vmId, hostId) : before;
        }, group);
        expect([group, holds(after)]).toEqual([group, true]);
        if (after.members.length > 1) kept += 1;
      }
    }
    expect(kept).toBeGreaterThan(FLEETS / 10);
    expect([...rules]).toEqual(expect.arrayContaining(['apart-from', 'together-with']));
  });

  it('never promise more in a batch than a host may promise', () => {
    for (const { hosts, requests, settings } of fleets) {
      const decisions = placeInTurn(hosts, requests, settings);
      for (const host of hosts) {
        const taken = requests.filter((_request, index) => decisions[index]?.hostId === host.hostId);
        if (taken.length === 0) continue;
        const sum = (of: 'memoryMib' | 'vcpus') => taken.reduce((total, request) => total + request[of], 0);
        expect(host.committedMib + sum('memoryMib')).toBeLessThanOrEqual(promisableMibOf(host, settings));
        expect(host.committedVcpus + sum('vcpus')).toBeLessThanOrEqual(promisableVcpusOf(host, settings));
      }
    }
  });
});
