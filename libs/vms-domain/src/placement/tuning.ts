import {
  HUGE_PAGE_MIB,
  areWithin,
  mergedRanges,
  rangesOf,
  rangesOfNumbers,
  type HostNode,
  type VmTuning,
} from '@infinibay/contracts';
import { isTuned } from '../spec/tuning.js';
import type { HostCandidate, PlacementRequest } from './fleet.js';
import { availablePages, claimOf } from './huge-pages.js';

/** How much of something is needed, and how much is there. */
export interface Amount {
  readonly needed: number;
  readonly available: number;
}

/** What it is to be made of; of one that comes from another host also what that has made of it, until its next start. */
export const tuningsOf = ({ hardware, definedHardware = hardware }: PlacementRequest): readonly VmTuning[] =>
  definedHardware === hardware ? [hardware] : [hardware, definedHardware];

const NO_NODES: readonly HostNode[] = [];
const nodesOf = ({ tuning }: HostCandidate): readonly HostNode[] => tuning?.nodes ?? NO_NODES;

/** Nothing is asked of a host about a VM that says nothing of it. */
export const isTuningTold = ({ tuning }: HostCandidate, request: PlacementRequest): boolean =>
  tuning !== null || !tuningsOf(request).some(isTuned);

export const hasPinnedCpus = (host: HostCandidate, request: PlacementRequest): boolean => {
  const pinned = tuningsOf(request).flatMap(({ cpuPinning }) => cpuPinning.flatMap(rangesOf));
  if (pinned.length === 0) return true;
  return areWithin(mergedRanges(pinned), rangesOfNumbers(nodesOf(host).flatMap(({ cpus }) => cpus)));
};

/** MiB that a VM has of each node of its host that it is bound to. */
const boundMib = ({ numaNodes }: VmTuning): ReadonlyMap<number, number> => {
  const mibOf = new Map<number, number>();
  for (const { hostNode, memoryMib } of numaNodes)
    if (hostNode !== null) mibOf.set(hostNode, (mibOf.get(hostNode) ?? 0) + memoryMib);
  return mibOf;
};

export const hasBoundNodes = (host: HostCandidate, request: PlacementRequest): boolean =>
  tuningsOf(request)
    .flatMap((tuning) => [...boundMib(tuning).keys()])
    .every((node) => nodesOf(host).some(({ id }) => id === node));

/** The first node that has less memory than is bound to it, beside huge pages; null: none. */
export const memoryLackingOnNode = (host: HostCandidate, request: PlacementRequest): Amount | null => {
  for (const tuning of tuningsOf(request)) {
    // Of those that are of huge pages these are counted.
    if (tuning.hugePages !== 'NONE') continue;
    for (const [node, needed] of boundMib(tuning)) {
      const available = ordinaryMibOfNode(nodesOf(host).find(({ id }) => id === node));
      if (needed > available) return { needed, available };
    }
  }
  return null;
};

const ordinaryMibOfNode = (node: HostNode | undefined): number => {
  if (node === undefined) return 0;
  const huge = node.hugePages.reduce((sum, { size, total }) => sum + total * HUGE_PAGE_MIB[size], 0);
  return Math.max(0, node.memoryMib - huge);
};

/** Pages that the host lacks, or one of the nodes that memory is bound to; null: none. */
export const pagesLacking = (host: HostCandidate, request: PlacementRequest): Amount | null => {
  for (const tuning of tuningsOf(request)) {
    const claim = claimOf('', tuning, request.memoryMib, 'WAITING');
    if (claim === null) continue;
    const { size, pages, ofNodes } = claim;
    for (const [node, needed] of [[null, pages] as const, ...ofNodes]) {
      const available = availablePages(host, size, node);
      if (needed > available) return { needed, available };
    }
  }
  return null;
};
