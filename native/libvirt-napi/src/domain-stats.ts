import type { DomainStatsRecord, StatsQuery } from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';

/** The fields that a group brings. */
interface GroupFields {
  readonly state: 'state' | 'reason';
  readonly cpu: 'cpu';
  readonly balloon: 'balloon';
  readonly vcpu: 'vcpus';
  readonly net: 'net';
  readonly block: 'block';
  readonly perf: 'other';
  readonly ioThread: 'other';
  readonly memory: 'other';
  readonly dirtyRate: 'other';
}

/** Statistics groups of `Domains.allStats`. */
export type StatsGroup = keyof GroupFields;

type StateFields = GroupFields['state'];

/**
 * What `Domains.allStats` tells of one domain: its name and the groups that were asked for. A group is there also when
 * the driver knows nothing of it, and then empty; `state` and `reason` are absent where the driver has none.
 */
export type DomainStats<G extends StatsGroup = StatsGroup> = Pick<DomainStatsRecord, 'uuid' | 'name'> &
  Pick<DomainStatsRecord, Extract<GroupFields[G], StateFields>> &
  Required<Pick<DomainStatsRecord, Exclude<GroupFields[G], StateFields>>>;

/** Which domains, and how patiently. */
export interface StatsOptions extends CallOptions {
  /** Only active domains. */
  readonly activeOnly?: boolean;
  /** Leave out what would wait for a guest that doesn't answer. Without it one such guest holds up the whole answer. */
  readonly noWait?: boolean;
}

const GROUPS: ReadonlySet<string> = new Set<StatsGroup>([
  'state',
  'cpu',
  'balloon',
  'vcpu',
  'net',
  'block',
  'perf',
  'ioThread',
  'memory',
  'dirtyRate',
]);

function queryOf(groups: readonly StatsGroup[], { activeOnly = false, noWait = false }: StatsOptions): StatsQuery {
  // libvirt takes none for all of them.
  if (groups.length === 0) throw new RangeError('no group of statistics is asked for');
  const unknown = groups.find((group) => !GROUPS.has(group));
  if (unknown !== undefined) throw new RangeError(`${unknown} is no group of statistics`);
  return { activeOnly, noWait, ...Object.fromEntries(groups.map((group) => [group, true])) };
}

/** `virConnectGetAllDomainStats`. */
export async function allStats<G extends StatsGroup>(
  calls: Caller,
  groups: readonly G[],
  options: StatsOptions,
): Promise<DomainStats<G>[]> {
  const json = await calls.run(options, (native, t, k) => native.allDomainStats(queryOf(groups, options), t, k));
  return JSON.parse(json) as DomainStats<G>[];
}
