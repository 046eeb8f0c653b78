import type { DomainStatsRecord, StatsQuery } from './addon.js';
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
  /** Leave out what would wait for a guest that doesn't answer. */
  readonly noWait?: boolean;
}

/** `virConnectGetAllDomainStats`. */
export async function allStats<G extends StatsGroup>(
  calls: Caller,
  groups: readonly G[],
  options: StatsOptions,
): Promise<DomainStats<G>[]> {
  const query: StatsQuery = { activeOnly: options.activeOnly ?? false, noWait: options.noWait ?? false };
  for (const group of groups) query[group] = true;
  const json = await calls.run(options, (native, t, k) => native.allDomainStats(query, t, k));
  return JSON.parse(json) as DomainStats<G>[];
}
