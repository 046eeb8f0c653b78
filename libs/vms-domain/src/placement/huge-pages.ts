import { HUGE_PAGE_MIB, type HostTuning, type HugePageSize, type VmTuning } from '@infinibay/contracts';

/** Huge pages of a host that a VM has, or is to have. */
export interface PageClaim {
  readonly vmId: string;
  readonly size: HugePageSize;
  readonly pages: number;
  /** How many of them are of one node of the host, by its number. */
  readonly ofNodes: ReadonlyMap<number, number>;
  /** HELD: it runs on them. WAITING: its next start takes them. RETURNED: it runs on them, and gives them back first. */
  readonly state: 'HELD' | 'WAITING' | 'RETURNED';
}

/** A VM as its host knows it. */
export interface PagedVm {
  readonly vmId: string;
  /** All that its guest may take. */
  readonly memoryMib: number;
  readonly hardware: VmTuning;
  /** What its definition was last written with. */
  readonly definedHardware: VmTuning;
  /** What runs was made by that. */
  readonly isOn: boolean;
  /** What runs next will be made by that once more: its memory is kept, or it comes from another host as it was made there. */
  readonly isNextAsDefined: boolean;
}

/** null: it needs none. */
export const claimOf = (
  vmId: string,
  { hugePages: size, numaNodes }: VmTuning,
  memoryMib: number,
  state: PageClaim['state'],
): PageClaim | null => {
  if (size === 'NONE') return null;
  const pagesOf = (mib: number): number => Math.ceil(mib / HUGE_PAGE_MIB[size]);
  const ofNodes = new Map<number, number>();
  for (const { hostNode, memoryMib: mib } of numaNodes)
    if (hostNode !== null) ofNodes.set(hostNode, (ofNodes.get(hostNode) ?? 0) + pagesOf(mib));
  return { vmId, size, pages: pagesOf(memoryMib), ofNodes, state };
};

/** What it runs on now, or is brought back on, and what its next start takes: of one size that is the same. */
export const claimsOf = ({
  vmId,
  memoryMib,
  hardware,
  definedHardware,
  isOn,
  isNextAsDefined,
}: PagedVm): PageClaim[] => {
  const first = isOn || isNextAsDefined ? claimOf(vmId, definedHardware, memoryMib, isOn ? 'HELD' : 'WAITING') : null;
  const next = claimOf(vmId, hardware, memoryMib, 'WAITING');
  if (first === null || next?.size !== first.size) return [first, next].filter((claim) => claim !== null);
  return [{ ...next, state: first.state, ofNodes: largestOf(first.ofNodes, next.ofNodes) }];
};

/** One after the other, so of each node as many as the larger of the two. */
const largestOf = (one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): ReadonlyMap<number, number> =>
  new Map([...one, ...other].map(([node]) => [node, Math.max(one.get(node) ?? 0, other.get(node) ?? 0)]));

/** Claims as they are for the VM itself: what it has it may have again, or something else in its place. */
export const claimsBeside = (claims: readonly PageClaim[], vmId: string): PageClaim[] =>
  claims.flatMap((claim): PageClaim[] => {
    if (claim.vmId !== vmId) return [claim];
    return claim.state === 'HELD' ? [{ ...claim, state: 'RETURNED' }] : [];
  });

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** MiB of the host that are huge pages: nothing else is of them, whether anybody uses them or not. */
export const hugeMibOf = (tuning: HostTuning | null): number => {
  const pools = (tuning?.nodes ?? []).flatMap(({ hugePages }) => hugePages);
  return sumOf(pools.map(({ size, total }) => total * HUGE_PAGE_MIB[size]));
};

/**
 * How many pages of a size there are for one more VM. Those that the host tells as free may be promised to VMs that are
 * off; and what has just been promised may be told as free for some seconds still, so the whole is looked at too.
 * @param node of the host; null: all of it
 */
export const availablePages = (
  { tuning, pageClaims }: { readonly tuning: HostTuning | null; readonly pageClaims: readonly PageClaim[] },
  size: HugePageSize,
  node: number | null,
): number => {
  const pools = (tuning?.nodes ?? [])
    .filter(({ id }) => node === null || id === node)
    .flatMap(({ hugePages }) => hugePages.filter((pool) => pool.size === size));
  const claimed = (...states: readonly PageClaim['state'][]): number =>
    sumOf(
      pageClaims
        .filter((claim) => claim.size === size && states.includes(claim.state))
        .map(({ pages, ofNodes }) => (node === null ? pages : (ofNodes.get(node) ?? 0))),
    );
  const unclaimed = sumOf(pools.map(({ total }) => total)) - claimed('HELD', 'WAITING');
  const free = sumOf(pools.map((pool) => pool.free)) - claimed('WAITING') + claimed('RETURNED');
  return Math.max(0, Math.min(unclaimed, free));
};
