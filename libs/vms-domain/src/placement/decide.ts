import {
  promisableMibOf,
  withPromised,
  type HostCandidate,
  type PlacementRequest,
  type PlacementSettings,
} from './fleet.js';
import { unmetPreferences, withMember, type VmGroup } from './groups.js';
import { refusalOf, RULE_NAMES, type Refusal, type RuleName } from './rules.js';

/** The parts of a score. */
export interface Score {
  /** Whether what runs there is behind packet filters. */
  readonly filters: boolean;
  /** VMs of placement groups that would have it otherwise. */
  readonly unmetPreferences: number;
  /** MiB that the host can still promise. */
  readonly freeMib: number;
  /** vCPUs that are promised to other VMs, for each CPU of the host. */
  readonly vcpusPerCpu: number;
}

/** What was found about one host: a refusal or a score. */
export interface HostVerdict {
  readonly hostId: string;
  readonly refusal: Refusal | null;
  readonly score: Score | null;
}

export interface Decision {
  /** null when every host is refused. */
  readonly hostId: string | null;
  /** Every host: those that can take the VM first, the best one first of all; then the others by id. */
  readonly verdicts: readonly HostVerdict[];
}

const scoreOf = (host: HostCandidate, request: PlacementRequest, settings: PlacementSettings): Score => ({
  filters: host.filters,
  unmetPreferences: unmetPreferences(host.hostId, request),
  freeMib: promisableMibOf(host, settings) - host.committedMib,
  vcpusPerCpu: host.committedVcpus / Math.max(1, host.cpus),
});

/**
 * Packet filters, what placement groups prefer, most free memory, fewest vCPUs for each CPU, then the smaller id: the
 * same fleet always gives the same answer.
 */
const byPreference = (a: HostVerdict, b: HostVerdict): number => {
  if (a.score === null || b.score === null) {
    if (a.score !== null) return -1;
    if (b.score !== null) return 1;
  } else {
    const difference =
      Number(b.score.filters) - Number(a.score.filters) ||
      a.score.unmetPreferences - b.score.unmetPreferences ||
      b.score.freeMib - a.score.freeMib ||
      a.score.vcpusPerCpu - b.score.vcpusPerCpu;
    if (difference !== 0) return difference;
  }
  return a.hostId < b.hostId ? -1 : 1;
};

/** Judges every host by every rule. Where none that has the image can take the VM, those count that can be given it. */
export const decidePlacement = (
  hosts: readonly HostCandidate[],
  request: PlacementRequest,
  settings: PlacementSettings,
): Decision => {
  const decision = decide(hosts, request, settings);
  if (decision.hostId !== null || request.imageCopies !== 'WHEN_NEEDED') return decision;
  return decide(hosts, { ...request, imageCopies: 'ALLOWED' }, settings);
};

const decide = (hosts: readonly HostCandidate[], request: PlacementRequest, settings: PlacementSettings): Decision => {
  const verdicts = hosts
    .map((host): HostVerdict => {
      const refusal = refusalOf(host, request, settings);
      return { hostId: host.hostId, refusal, score: refusal === null ? scoreOf(host, request, settings) : null };
    })
    .sort(byPreference);
  const [best] = verdicts;
  return { hostId: best?.refusal === null ? best.hostId : null, verdicts };
};

/**
 * One after another on one picture of the fleet: what was placed counts for those that follow, and to its groups a VM
 * is no more where it was.
 */
export const placeInTurn = (
  hosts: readonly HostCandidate[],
  requests: readonly PlacementRequest[],
  settings: PlacementSettings,
): Decision[] => {
  const fleet = new Map(hosts.map((host) => [host.hostId, host]));
  const groups = new Map<string, VmGroup>();
  return requests.map((asked) => {
    const request = { ...asked, groups: asked.groups.map((group) => groups.get(group.id) ?? group) };
    const decision = decidePlacement([...fleet.values()], request, settings);
    const chosen = decision.hostId === null ? undefined : fleet.get(decision.hostId);
    if (chosen === undefined) return decision;
    fleet.set(chosen.hostId, withPromised(chosen, request));
    for (const group of request.groups) groups.set(group.id, withMember(group, request.vmId, chosen.hostId));
    return decision;
  });
};

export interface RefusalCount {
  readonly rule: RuleName;
  readonly hosts: number;
}

/** How many hosts each rule refused, in the order of the rules; it names no host and no size. */
export const countRefusals = (verdicts: readonly HostVerdict[]): RefusalCount[] =>
  RULE_NAMES.map((rule) => ({ rule, hosts: verdicts.filter(({ refusal }) => refusal?.rule === rule).length })).filter(
    ({ hosts }) => hosts > 0,
  );
