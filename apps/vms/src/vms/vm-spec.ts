import { VmSizes, type ObservedLinks, type PortLinkState } from '@infinibay/contracts';
import {
  DownLinks,
  RESTART_REASONS,
  SIZE_PATHS,
  adopted,
  adoptedLinks,
  driftOf,
  isOfLink,
  linkDriftOf,
  ofDefinition,
  pendingRestartOf,
  promisedMib,
  specOfSizes,
  tuningIssues,
  withLinks,
  type DomainComparison,
  type Drift,
  type PendingRestart,
  type RestartReason,
  type VmSpec,
} from '@infinibay/vms-domain';
import { z } from 'zod';
import type { Prisma, Vm as VmRow } from '../generated/prisma/client.js';
import { hardwareOf } from './vm-hardware.js';

type SizeColumns = Pick<VmRow, 'vcpus' | 'maxVcpus' | 'memoryMib' | 'maxMemoryMib'>;

/** How large a row says that its VM shall be. */
export const sizesOf = ({ vcpus, maxVcpus, memoryMib, maxMemoryMib }: SizeColumns): VmSizes => ({
  vcpus,
  maxVcpus: Math.max(maxVcpus ?? vcpus, vcpus),
  memoryMib,
  maxMemoryMib: Math.max(maxMemoryMib ?? memoryMib, memoryMib),
});

/** The ports whose link a row says shall be down. What another version wrote and this one does not know is not there. */
export const linksOf = ({ links }: Pick<VmRow, 'links'>): DownLinks => DownLinks.safeParse(links).data ?? {};

export const specOf = (row: SizeColumns & Pick<VmRow, 'autostart' | 'links' | 'hardware'>): VmSpec =>
  specOfSizes(sizesOf(row), row.autostart, linksOf(row), hardwareOf(row));

/** A bound that is the size itself is none: an older version makes such VMs. */
export const columnsOf = ({ vcpus, maxVcpus, memoryMib, maxMemoryMib }: VmSizes): SizeColumns => ({
  vcpus,
  maxVcpus: maxVcpus === vcpus ? null : maxVcpus,
  memoryMib,
  maxMemoryMib: maxMemoryMib === memoryMib ? null : maxMemoryMib,
});

const DRIFT_OF_SIZE = z.templateLiteral([z.enum(['definition', 'live']), '.', z.enum(SIZE_PATHS)]);
const DRIFT_OF_LINK = z.templateLiteral([z.enum(['definition', 'live']), '.links.', z.string()]);
const difference = { declared: z.number(), actual: z.number() };
const reasons = Object.keys(RESTART_REASONS) as RestartReason[];
const StoredPending = z.array(
  z.object({ path: z.enum(SIZE_PATHS), reason: z.enum(reasons).catch('NOT_TAKEN'), ...difference }),
);
const StoredDrift = z.array(z.object({ path: z.union([DRIFT_OF_SIZE, DRIFT_OF_LINK]), ...difference }));

/** What another version wrote and this one does not know is not there. */
export const pendingRestartIn = ({ pendingRestart }: Pick<VmRow, 'pendingRestart'>): PendingRestart[] =>
  StoredPending.safeParse(pendingRestart).data ?? [];
export const driftIn = ({ drift }: { readonly drift: unknown }): Drift[] => StoredDrift.safeParse(drift).data ?? [];

interface ListColumns {
  readonly pendingRestart: Prisma.InputJsonArray;
  readonly drift: Prisma.InputJsonArray;
}

/** What may be written of a VM that nobody has changed here. */
export interface ObservedColumns extends ListColumns {
  readonly reservedMib: number;
}

const listColumns = (pendingRestart: readonly PendingRestart[], drift: readonly Drift[]): ListColumns => ({
  pendingRestart: pendingRestart.map((one) => ({ ...one })),
  drift: drift.map((one) => ({ ...one })),
});

/**
 * What the next start defines. What somebody made of the definition stays until a person has it repaired: a start brings
 * nothing back by itself. But nodes and pages are of what is declared, and no domain could be made of them and other room.
 */
export const sizesToDefine = (row: SizeColumns & Pick<VmRow, 'drift' | 'hardware'>): VmSizes => {
  const kept = sizesWith(row, ofDefinition(driftIn(row)));
  return tuningIssues(hardwareOf(row), kept).length === 0 ? kept : sizesOf(row);
};

/** What a row says, but for what somebody has made of it; as it says where that is nothing that a VM may be. */
export const sizesWith = (row: SizeColumns, drift: readonly Drift[]): VmSizes => {
  const declared = sizesOf(row);
  const kept = VmSizes.safeParse(adopted(declared, drift));
  return kept.success ? kept.data : declared;
};

/** The same of what the next start defines. */
export const linksToDefine = (row: Pick<VmRow, 'links' | 'drift'>): DownLinks =>
  adoptedLinks(linksOf(row), ofDefinition(driftIn(row)));

/** Cards of a VM that is given to another department, by MAC address: the one that it gets, and what it had. */
export interface Cards {
  readonly got: string;
  readonly had: readonly string[];
}

/**
 * A spec with the link of a card that comes in the place of another: nobody's cable is plugged in by that. What was
 * taken from the other one by hand is declared of it, for drift goes with that card. What is declared of the other one
 * stays: until it is defined anew that is the card that the VM has.
 */
export const specWithCard = (spec: VmSpec, row: Pick<VmRow, 'links' | 'drift'>, { got, had }: Cards): VmSpec => {
  return had.some((mac) => isOut(row, mac)) ? withLinks(spec, [got], 'DOWN') : spec;
};

/** Declared to be, or made so in the definition by hand. */
const isOut = (row: Pick<VmRow, 'links' | 'drift'>, mac: string): boolean =>
  linksOf(row)[mac] === 'DOWN' || linksToDefine(row)[mac] === 'DOWN';

/**
 * The link of a card that is defined or plugged in: as the next start defines it, and out where that of the card is whose
 * place it takes.
 */
export const linkOfCard = (row: Pick<VmRow, 'links' | 'drift'>, mac: string, hadMac?: string): PortLinkState =>
  linksToDefine(row)[mac] === 'DOWN' || (hadMac !== undefined && isOut(row, hadMac)) ? 'DOWN' : 'UP';

/** Unlike any number of a revision: the host is to be brought to the spec once more. */
export const NONE_APPLIED = 0;

/** A host knows nothing of what this changes: what it was brought to it still is, and what it was not, it is to be. */
export const stillApplied = ({
  revision,
  appliedRevision,
}: Pick<VmRow, 'revision' | 'appliedRevision'>): { readonly appliedRevision: number } => ({
  appliedRevision: appliedRevision === revision ? revision + 1 : NONE_APPLIED,
});

/** What a worker that comes to rest knows of how large the VM is on its host. */
export interface Rest {
  readonly isOff: boolean;
  /** It was defined anew and booted by this worker. */
  readonly isStarted: boolean;
  /** null: it was not looked at. */
  readonly sizes: DomainComparison | null;
  /** Whether memory is kept that its next start brings back; null: it was not looked at. */
  readonly isSaved: boolean | null;
}

/** What is written of it. Memory that is not needed any more is promised to others from then on. */
export const sizesAtRest = (
  row: VmRow,
  { isOff, isStarted, sizes }: Rest,
): Partial<ObservedColumns> & { readonly appliedRevision?: number } => {
  const want = sizesOf(row);
  const reserved = (promised: number) => ({ reservedMib: promised - want.memoryMib });
  if (sizes !== null) {
    const pending = pendingRestartOf(sizes);
    return {
      appliedRevision: row.revision,
      ...listColumns(pending, [...driftOf(sizes, pending).drift, ...unseenLinkDrift(row, sizes)]),
      ...reserved(promisedMib(want, sizes.have.live)),
    };
  }
  // A guest whose memory is kept, or that has just been brought back, is what it was before.
  if ((!isOff && !isStarted) || row.savedAt !== null) return {};
  return {
    ...(isStarted ? { appliedRevision: row.revision } : {}),
    ...listColumns([], ofDefinition(driftIn(row))),
    ...reserved(want.maxMemoryMib),
  };
};

/** What is written of a VM whose host tells how large it is, though nobody has changed anything here; null: it is known. */
export const sizesAsObserved = (row: VmRow, sizes: DomainComparison): ObservedColumns | null => {
  const [pendingBefore, driftBefore] = [pendingRestartIn(row), driftIn(row)];
  const found = driftOf(sizes, pendingBefore);
  const { pendingRestart } = found;
  const drift = [...found.drift, ...unseenLinkDrift(row, sizes)];
  if (isSame(pendingRestart, pendingBefore) && isSame(drift, driftBefore)) return null;
  const promised = promisedMib(sizes.want, sizes.have.live);
  return { ...listColumns(pendingRestart, drift), reservedMib: Math.max(0, promised - row.memoryMib) };
};

/** What is known of links that nobody looked at now. */
const unseenLinkDrift = (row: Pick<VmRow, 'drift'>, { links = null }: DomainComparison): Drift[] =>
  (links?.have ?? null) === null ? driftIn(row).filter(isOfLink) : [];

/** Whether links are not as they are known to be. */
export const areOtherLinks = (row: Pick<VmRow, 'links' | 'drift'>, have: ObservedLinks): boolean =>
  !isSame(linkDriftOf({ want: linksOf(row), have }), driftIn(row).filter(isOfLink));

const isSame = (some: readonly (PendingRestart | Drift)[], others: readonly (PendingRestart | Drift)[]): boolean => {
  const told = (list: readonly (PendingRestart | Drift)[]) =>
    list.map(({ path, declared, actual }) => `${path} ${declared} ${actual}`).join();
  return told(some) === told(others);
};
