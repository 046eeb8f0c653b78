import {
  HUGE_PAGE_MIB,
  countOfCpus,
  mergedRanges,
  rangesOf,
  type VmHardware,
  type VmSizes,
  type VmTuning,
} from '@infinibay/contracts';

/** All that a VM is made of, with which memory and CPUs of its host it has. */
export type DeclaredHardware = VmHardware & VmTuning;

/** In the order in which it is shown. */
export const TUNING_PATHS = ['hugePages', 'cpuPinning', 'numaNodes'] as const;

/** Something of it is said: any agent can give a VM the rest. */
export const isTuned = ({ hugePages, cpuPinning, numaNodes }: VmTuning): boolean =>
  hugePages !== 'NONE' || cpuPinning.length > 0 || numaNodes.length > 0;

/** The tuning alone, in lists of its own. */
export const tuningOf = ({ hugePages, cpuPinning, numaNodes }: VmTuning): VmTuning => ({
  hugePages,
  cpuPinning: [...cpuPinning],
  numaNodes: numaNodes.map((node) => ({ ...node })),
});

export interface TuningIssue {
  readonly path: keyof VmTuning;
  readonly message: string;
}

/** Its size with all of its room, which is fixed while it runs. */
export type Room = Pick<VmSizes, 'maxVcpus' | 'maxMemoryMib'>;

/** What does not go with how large the VM may become while it runs: nodes, pins and pages are of all of its room. */
export const tuningIssues = (tuning: VmTuning, room: Room): TuningIssue[] => [
  ...pageIssues(tuning, room),
  ...pinningIssues(tuning, room),
  ...nodeIssues(tuning, room),
];

const pageIssues = ({ hugePages, numaNodes }: VmTuning, { maxMemoryMib }: Room): TuningIssue[] => {
  if (hugePages === 'NONE') return [];
  const pageMib = HUGE_PAGE_MIB[hugePages];
  const areWhole = [maxMemoryMib, ...numaNodes.map(({ memoryMib }) => memoryMib)].every((mib) => mib % pageMib === 0);
  const message = `needs maxMemoryMib, and the memory of each node, in whole pages of ${String(pageMib)} MiB`;
  return areWhole ? [] : [{ path: 'hugePages', message }];
};

const pinningIssues = ({ cpuPinning: { length } }: VmTuning, { maxVcpus }: Room): TuningIssue[] => {
  const message = `must be one set for all vCPUs, or one for each of maxVcpus (${String(maxVcpus)})`;
  return length <= 1 || length === maxVcpus ? [] : [{ path: 'cpuPinning', message }];
};

const nodeIssues = ({ numaNodes }: VmTuning, { maxVcpus, maxMemoryMib }: Room): TuningIssue[] => {
  if (numaNodes.length === 0) return [];
  const ofNodes = numaNodes.map(({ vcpus }) => rangesOf(vcpus));
  const [all, ...gaps] = mergedRanges(ofNodes.flat());
  const named = ofNodes.reduce((count, ranges) => count + countOfCpus(ranges), 0);
  // As many as there are, without a gap: then none is in two nodes.
  const areAll = gaps.length === 0 && all?.from === 0 && all.to === maxVcpus - 1 && named === maxVcpus;
  const memoryMib = numaNodes.reduce((sum, node) => sum + node.memoryMib, 0);
  const vcpus = `must have each vCPU of maxVcpus, 0 to ${String(maxVcpus - 1)}, in one node`;
  const memory = `must have maxMemoryMib (${String(maxMemoryMib)}) together, and has ${String(memoryMib)} MiB`;
  return [
    ...(areAll ? [] : [{ path: 'numaNodes', message: vcpus } as const]),
    ...(memoryMib === maxMemoryMib ? [] : [{ path: 'numaNodes', message: memory } as const]),
  ];
};
