import type { DomainSizes, ObservedSizes, VmSizes } from '@infinibay/contracts';
import { isCdromDue, otherCdroms, type CdromComparison } from './cdrom.js';
import { areLinksDue, isLinkUp, linkDifferences, type LinkComparison, type LinkPath } from './link-comparison.js';
import { SIZE_PATHS, type DownLinks, type SizePath } from './vm-spec.js';

/** A size that the domain of a VM has, beside the one that it is declared to have. Memory is in MiB. */
export interface SizeDifference {
  readonly path: SizePath;
  readonly declared: number;
  readonly actual: number;
}

export const RESTART_REASONS = {
  BOUND_AT_BOOT: 'It is fixed while the guest runs',
  ABOVE_BOUND: 'It is above what the guest was started with room for',
  GUEST_KEEPS: 'The guest has not given back what is too much; it may still do so',
  NOT_TAKEN: 'The guest or its emulator has not taken it; it may still do so',
} as const;
export type RestartReason = keyof typeof RESTART_REASONS;

/** What a running guest is only after it has been off: nothing that was done to it while it runs has brought it about. */
export interface PendingRestart extends SizeDifference {
  readonly reason: RestartReason;
}

/** What somebody else has made of a VM. */
export interface Drift {
  /** `definition.` what its next start makes of it, `live.` what runs now; then the path in the spec. */
  readonly path: `${'definition' | 'live'}.${SizePath | LinkPath | 'cdrom'}`;
  readonly declared: number;
  readonly actual: number;
}

/** A VM as it is declared, and as its host has it. */
export interface DomainComparison {
  readonly want: VmSizes;
  readonly have: ObservedSizes;
  /** Left out: nobody looked at its links. */
  readonly links?: LinkComparison | null;
  /** Left out: it has no CD drive. */
  readonly cdrom?: CdromComparison | null;
  /** What somebody made of its sizes that stands until a person overrules it: nothing is done about it. */
  readonly standing?: readonly Drift[];
}

export type SpecStep = 'redefine' | 'update-live';
export const SPEC_STEPS = ['redefine', 'update-live'] as const;

const KIB = 1_024;

const mib = (kib: number): number => Math.round(kib / KIB);

/** QEMU gives memory in whole MiB, and a balloon leaves a page or two: less than half a MiB is no difference. */
const inMib = ({ vcpus, maxVcpus, memoryKib, maxMemoryKib }: DomainSizes): VmSizes => ({
  vcpus,
  maxVcpus,
  memoryMib: mib(memoryKib),
  maxMemoryMib: mib(maxMemoryKib),
});

/** What libvirt and QEMU add are no sizes, and so no differences. */
export const sizeDifferences = (want: VmSizes, domain: DomainSizes | null): SizeDifference[] => {
  if (domain === null) return [];
  const has = inMib(domain);
  return SIZE_PATHS.filter((path) => want[path] !== has[path]).map((path) => ({
    path,
    declared: want[path],
    actual: has[path],
  }));
};

/** Those about which something may be done. */
const sizesToChange = ({ want, have, standing = [] }: DomainComparison, of: 'definition' | 'live'): SizeDifference[] =>
  sizeDifferences(want, have[of]).filter((one) => !standing.some(({ path }) => path === `${of}.${one.path}`));

/** The bound that a running guest has for a size; what has none is a bound itself. */
const boundOf = (path: SizePath, live: DomainSizes): number | null => {
  if (path === 'vcpus') return live.maxVcpus;
  return path === 'memoryMib' ? mib(live.maxMemoryKib) : null;
};

const isWithinBound = ({ path, declared }: SizeDifference, live: DomainSizes): boolean => {
  const bound = boundOf(path, live);
  return bound !== null && declared <= bound;
};

/**
 * The next thing to do about how large a VM is, and about its links: its definition first, which the next start needs,
 * then what can be done to what runs. Each is done once: what did not come about by it is told, and not tried for ever.
 */
export const nextSpecStep = (comparison: DomainComparison, completed: ReadonlySet<string>): SpecStep | null => {
  const {
    have: { definition, live },
    links = null,
    cdrom = null,
  } = comparison;
  // The next start defines it.
  if (definition === null) return null;
  const isBesideSizes = (of: 'definition' | 'live'): boolean => areLinksDue(links, of) || isCdromDue(cdrom, of);
  const isToBeDefined = sizesToChange(comparison, 'definition').length > 0 || isBesideSizes('definition');
  if (isToBeDefined && !completed.has('redefine')) return 'redefine';
  if (live === null || completed.has('update-live')) return null;
  const canGrow = sizesToChange(comparison, 'live').some((one) => isWithinBound(one, live));
  return canGrow || isBesideSizes('live') ? 'update-live' : null;
};

const reasonOf = (difference: SizeDifference, live: DomainSizes): RestartReason => {
  const { path, declared, actual } = difference;
  if (boundOf(path, live) === null) return 'BOUND_AT_BOOT';
  if (declared < actual) return 'GUEST_KEEPS';
  return isWithinBound(difference, live) ? 'NOT_TAKEN' : 'ABOVE_BOUND';
};

/** What a restart will bring about, when all that can be done to what runs has been done. */
export const pendingRestartOf = (comparison: DomainComparison): PendingRestart[] => {
  const { live } = comparison.have;
  return live === null ? [] : sizesToChange(comparison, 'live').map((one) => ({ ...one, reason: reasonOf(one, live) }));
};

const distanceOf = ({ declared, actual }: SizeDifference): number => Math.abs(declared - actual);

/**
 * What of it waits for a restart still, and what somebody else has made of it. A guest that comes nearer to what it was
 * asked for is on its way; one that is farther from it than it was, was moved by somebody.
 */
export const driftOf = (
  { want, have: { definition, live }, links = null, cdrom = null }: DomainComparison,
  pending: readonly PendingRestart[],
): { readonly pendingRestart: PendingRestart[]; readonly drift: Drift[] } => {
  const pendingRestart: PendingRestart[] = [];
  const drift: Drift[] = sizeDifferences(want, definition).map((one) => ({ ...one, path: `definition.${one.path}` }));
  for (const difference of sizeDifferences(want, live)) {
    const known = pending.find(({ path }) => path === difference.path);
    if (known !== undefined && distanceOf(difference) <= distanceOf({ ...known, declared: difference.declared }))
      pendingRestart.push({ ...difference, reason: known.reason });
    else drift.push({ ...difference, path: `live.${difference.path}` });
  }
  return { pendingRestart, drift: [...drift, ...linkDriftOf(links), ...cdromDriftOf(cdrom)] };
};

/** A drive that holds what somebody else has put into it: 1 is what is declared, 0 anything else. */
const cdromDriftOf = (cdrom: CdromComparison | null): Drift[] =>
  otherCdroms(cdrom).map((of): Drift => ({ path: `${of}.cdrom`, declared: 1, actual: 0 }));

const NOT_LOOKED_AT: LinkComparison = { want: {}, have: null };

/** What somebody else has made of its links, which none waits for a restart with. */
export const linkDriftOf = (links: LinkComparison | null): Drift[] => {
  const { want, have } = links ?? NOT_LOOKED_AT;
  if (have === null) return [];
  return (['definition', 'live'] as const).flatMap((of) =>
    linkDifferences(want, have[of]).map((one): Drift => ({ ...one, path: `${of}.${one.path}` })),
  );
};

/** Memory of the host that is promised to a VM: what its guest may take, whether it is asked to or not. */
export const promisedMib = (want: VmSizes, live: DomainSizes | null): number =>
  Math.max(want.maxMemoryMib, live === null ? 0 : Math.ceil(live.maxMemoryKib / KIB));

const PATH = /^(definition|live)\.(.+)$/;

/** Sizes with what was made of them: of the definition where that differs, else of what runs. */
export const adopted = (want: VmSizes, drift: readonly Drift[]): VmSizes => {
  const sizes: Record<SizePath, number> = { ...want };
  for (const from of ['live', 'definition'])
    for (const { path, actual } of drift) {
      const [, where, name] = PATH.exec(path) ?? [];
      const size = SIZE_PATHS.find((one) => one === name);
      if (where === from && size !== undefined) sizes[size] = actual;
    }
  return {
    ...sizes,
    maxVcpus: Math.max(sizes.maxVcpus, sizes.vcpus),
    maxMemoryMib: Math.max(sizes.maxMemoryMib, sizes.memoryMib),
  };
};

const OF_LINK = /^(definition|live)\.links\.(.+)$/;

export const isOfLink = ({ path }: Pick<Drift, 'path'>): boolean => OF_LINK.test(path);

export const isOfCdrom = ({ path }: Pick<Drift, 'path'>): boolean => path.endsWith('.cdrom');

/** The same of links. */
export const adoptedLinks = (want: DownLinks, drift: readonly Drift[]): DownLinks => {
  const links = new Map<string, 'DOWN'>(Object.entries(want));
  for (const from of ['live', 'definition'])
    for (const { path, actual } of drift) {
      const [, where, mac] = OF_LINK.exec(path) ?? [];
      if (where !== from || mac === undefined) continue;
      if (isLinkUp(actual)) links.delete(mac);
      else links.set(mac, 'DOWN');
    }
  return Object.fromEntries(links);
};

/** What somebody made of the definition alone: it is what the next start is to find again. */
export const ofDefinition = (drift: readonly Drift[]): Drift[] =>
  drift.filter(({ path }) => path.startsWith('definition.'));

/** What somebody made of what runs. */
export const ofRunning = (drift: readonly Drift[]): Drift[] => drift.filter(({ path }) => path.startsWith('live.'));
