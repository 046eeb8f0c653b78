import type { HostHardware, VmHardware } from '@infinibay/contracts';
import { isDefaultMachine } from '../spec/hardware.js';
import {
  ordinaryMibOf,
  promisableMibOf,
  promisableVcpusOf,
  ratiosOf,
  usableMibOf,
  type HostCandidate,
  type PlacementRequest,
  type PlacementSettings,
} from './fleet.js';
import { brokenGroup, type GroupPolicy } from './groups.js';
import {
  hasBoundNodes,
  hasPinnedCpus,
  isTuningTold,
  memoryLackingOnNode,
  pagesLacking,
  type Amount,
} from './tuning.js';

/** What a rule measures: whether it holds, and for what can be counted, how much is needed and how much is there. */
interface Measure {
  readonly holds: boolean;
  readonly needed: number | null;
  readonly available: number | null;
  /** How much of what the host has it may promise, of what is measured by that. */
  readonly ratio: number | null;
  /** The placement group that the host would break. */
  readonly groupId: string | null;
}

interface Rule {
  /** What it means that a host is refused by it, for people. */
  readonly refusal: string;
  readonly measure: (host: HostCandidate, request: PlacementRequest, settings: PlacementSettings) => Measure;
}

const UNCOUNTED = { needed: null, available: null, ratio: null, groupId: null };
const fact = (holds: boolean): Measure => ({ ...UNCOUNTED, holds });
const amount = (needed: number, available: number, ratio: number | null = null): Measure => ({
  ...UNCOUNTED,
  holds: needed <= available,
  needed,
  available,
  ratio,
});
const noneLacking = (lacking: Amount | null): Measure =>
  lacking === null ? fact(true) : amount(lacking.needed, lacking.available);

/** Whether a host has what a VM is made of. */
type HasPart = (has: HostHardware, wanted: VmHardware) => boolean;

const firmwaresOf = ({ machines }: HostHardware, { machine }: VmHardware): readonly VmHardware['firmware'][] =>
  machines.find((one) => one.machine === machine)?.firmwares ?? [];

const hasMachine: HasPart = (has, { machine }) => has.machines.some((one) => one.machine === machine);
const hasUefi: HasPart = (has, wanted) =>
  wanted.firmware === 'BIOS' || firmwaresOf(has, wanted).some((one) => one !== 'BIOS');
const hasFirmware: HasPart = (has, wanted) =>
  wanted.firmware === 'BIOS' || firmwaresOf(has, wanted).includes(wanted.firmware);
const hasTpm: HasPart = (has, wanted) => has.tpm || !wanted.tpm;
const hasCpu: HasPart = (has, { cpuModel }) => cpuModel === 'DEFAULT' || has.cpuModels.includes(cpuModel);

/** Nothing is asked of what is as it is by default. A host that does not tell is refused before this is asked. */
const part =
  (holds: HasPart): Rule['measure'] =>
  ({ hardware: has }, { hardware }) =>
    fact(has === null || isDefaultMachine(hardware) || holds(has, hardware));

const unbroken =
  (policy: GroupPolicy): Rule['measure'] =>
  ({ hostId }, request) => {
    const broken = brokenGroup(policy, hostId, request);
    return { ...UNCOUNTED, holds: broken === undefined, groupId: broken?.id ?? null };
  };

/** In the order in which they are asked: the first that a host breaks is the one that is told. */
export const RULES = {
  'host-online': {
    refusal: 'The host has not been heard of lately',
    measure: (host) => fact(host.online),
  },
  'host-in-maintenance': {
    refusal: 'The host is in maintenance and takes no new VMs',
    measure: (host) => fact(!host.inMaintenance),
  },
  memory: {
    refusal: 'The host has less memory than one such VM needs (MiB, without what is kept for the host)',
    measure: (host, request, settings) => amount(ordinaryMibOf(request), usableMibOf(host, settings)),
  },
  'image-present': {
    refusal: 'The host does not have the image',
    measure: ({ images, copyable }, { imageId, imageCopies }) =>
      fact(images.has(imageId) || (imageCopies === 'ALLOWED' && copyable?.has(imageId) === true)),
  },
  nwfilter: {
    refusal: 'The host cannot apply packet filters',
    measure: (host, _request, { requireFilters }) => fact(host.filters || !requireFilters),
  },
  'hardware-unknown': {
    refusal: 'The agent of the host does not tell what VMs can be made of: it is too old, or has not told yet',
    measure: (host, { hardware }) => fact(host.hardware !== null || isDefaultMachine(hardware)),
  },
  'machine-unknown': {
    refusal: 'The host does not have the machine type',
    measure: part(hasMachine),
  },
  'no-uefi': {
    refusal: 'The host has no UEFI for this machine type: OVMF is not installed, or libvirt was not restarted since',
    measure: part(hasUefi),
  },
  'no-secure-boot': {
    refusal: 'The UEFI of the host has no Secure Boot for this machine type',
    measure: part(hasFirmware),
  },
  'no-tpm': {
    refusal: 'The host emulates no TPM 2.0: swtpm is not installed, or libvirt was not restarted since',
    measure: part(hasTpm),
  },
  'cpu-model-unknown': {
    refusal: 'The host cannot give guests this CPU model',
    measure: part(hasCpu),
  },
  'tuning-unknown': {
    refusal: 'The agent of the host does not tell its NUMA nodes and huge pages: it is too old, or has not told yet',
    measure: (host, request) => fact(isTuningTold(host, request)),
  },
  'host-cpu-unknown': {
    refusal: 'The host does not have all the CPUs that vCPUs are pinned to',
    measure: (host, request) => fact(hasPinnedCpus(host, request)),
  },
  'numa-node-unknown': {
    refusal: 'The host does not have all the NUMA nodes that memory is bound to',
    measure: (host, request) => fact(hasBoundNodes(host, request)),
  },
  'numa-node-memory': {
    refusal: 'A NUMA node of the host has less memory than is bound to it (MiB, without its huge pages)',
    measure: (host, request) => noneLacking(memoryLackingOnNode(host, request)),
  },
  'huge-pages': {
    refusal: 'The host, or a NUMA node that memory is bound to, has too few free huge pages of this size (pages)',
    measure: (host, request) => noneLacking(pagesLacking(host, request)),
  },
  cpu: {
    refusal: 'The host has fewer CPUs than one such VM needs',
    measure: (host, { vcpus }) => amount(vcpus, host.cpus),
  },
  'apart-from': {
    refusal: 'A virtual machine of a placement group that has to be apart is there, or on its way to it or from it',
    measure: unbroken('APART'),
  },
  'together-with': {
    refusal: 'The virtual machines of a placement group that has to be together are elsewhere, or on their way',
    measure: unbroken('TOGETHER'),
  },
  'memory-committed': {
    refusal: 'The memory that the host may promise is promised to other VMs (MiB)',
    measure: (host, request, settings) =>
      amount(
        ordinaryMibOf(request),
        Math.max(0, promisableMibOf(host, settings) - host.committedMib),
        ratiosOf(host, settings).memoryRatio,
      ),
  },
  'cpu-committed': {
    refusal: 'The vCPUs that the host may promise are promised to other VMs',
    measure: (host, { vcpus }, settings) =>
      amount(
        vcpus,
        Math.max(0, promisableVcpusOf(host, settings) - host.committedVcpus),
        ratiosOf(host, settings).cpuRatio,
      ),
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as RuleName[];

/** What a rule measured where it did not hold. */
export interface Refusal extends Omit<Measure, 'holds'> {
  readonly rule: RuleName;
  readonly message: string;
}

/** The first rule that the host breaks; null when it can take the VM. */
export const refusalOf = (
  host: HostCandidate,
  request: PlacementRequest,
  settings: PlacementSettings,
): Refusal | null => {
  for (const rule of RULE_NAMES) {
    const { refusal, measure } = RULES[rule] as Rule;
    const { holds, ...measured } = measure(host, request, settings);
    if (!holds) return { rule, message: refusal, ...measured };
  }
  return null;
};
