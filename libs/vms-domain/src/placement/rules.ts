import type { HostHardware, VmHardware } from '@infinibay/contracts';
import { isDefaultHardware } from '../spec/hardware.js';
import {
  promisableMibOf,
  promisableVcpusOf,
  usableMibOf,
  type HostCandidate,
  type PlacementRequest,
  type PlacementSettings,
} from './fleet.js';

/** What a rule measures: whether it holds, and for what can be counted, how much is needed and how much is there. */
interface Measure {
  readonly holds: boolean;
  readonly needed: number | null;
  readonly available: number | null;
}

interface Rule {
  /** What it means that a host is refused by it, for people. */
  readonly refusal: string;
  readonly measure: (host: HostCandidate, request: PlacementRequest, settings: PlacementSettings) => Measure;
}

const fact = (holds: boolean): Measure => ({ holds, needed: null, available: null });
const amount = (needed: number, available: number): Measure => ({ holds: needed <= available, needed, available });

const firmwaresOf = ({ machines }: HostHardware, machine: VmHardware['machine']): readonly VmHardware['firmware'][] =>
  machines.find((one) => one.machine === machine)?.firmwares ?? [];

/** What the host must have for what is not as it is by default. One that does not tell is refused before that is asked. */
const part = (
  { hardware: has }: HostCandidate,
  { hardware }: PlacementRequest,
  holds: (has: HostHardware, wanted: VmHardware) => boolean,
): Measure => fact(has === null || isDefaultHardware(hardware) || holds(has, hardware));

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
    measure: (host, { memoryMib }, settings) => amount(memoryMib, usableMibOf(host, settings)),
  },
  'image-present': {
    refusal: 'The host does not have the image',
    measure: (host, { imageId }) => fact(host.images.has(imageId)),
  },
  nwfilter: {
    refusal: 'The host cannot apply packet filters',
    measure: (host, _request, { requireFilters }) => fact(host.filters || !requireFilters),
  },
  'hardware-unknown': {
    refusal: 'The agent of the host does not tell what VMs can be made of: it is too old, or has not told yet',
    measure: (host, { hardware }) => fact(host.hardware !== null || isDefaultHardware(hardware)),
  },
  'machine-unknown': {
    refusal: 'The host does not have the machine type',
    measure: (host, request) =>
      part(host, request, (has, { machine }) => has.machines.some((one) => one.machine === machine)),
  },
  'no-uefi': {
    refusal: 'The host has no UEFI for this machine type: the package with OVMF is not installed',
    measure: (host, request) =>
      part(
        host,
        request,
        (has, { firmware, machine }) =>
          firmware === 'BIOS' || firmwaresOf(has, machine).some((one) => one !== 'BIOS'),
      ),
  },
  'no-secure-boot': {
    refusal: 'The UEFI of the host has no Secure Boot for this machine type',
    measure: (host, request) =>
      part(
        host,
        request,
        (has, { firmware, machine }) => firmware === 'BIOS' || firmwaresOf(has, machine).includes(firmware),
      ),
  },
  'no-tpm': {
    refusal: 'The host emulates no TPM 2.0: swtpm is not installed',
    measure: (host, request) => part(host, request, (has, { tpm }) => has.tpm || !tpm),
  },
  'cpu-model-unknown': {
    refusal: 'The host cannot give guests this CPU model',
    measure: (host, request) =>
      part(host, request, (has, { cpuModel }) => cpuModel === 'DEFAULT' || has.cpuModels.includes(cpuModel)),
  },
  cpu: {
    refusal: 'The host has fewer CPUs than one such VM needs',
    measure: (host, { vcpus }) => amount(vcpus, host.cpus),
  },
  'memory-committed': {
    refusal: 'The memory that the host may promise is promised to other VMs (MiB)',
    measure: (host, { memoryMib }, settings) =>
      amount(memoryMib, Math.max(0, promisableMibOf(host, settings) - host.committedMib)),
  },
  'cpu-committed': {
    refusal: 'The vCPUs that the host may promise are promised to other VMs',
    measure: (host, { vcpus }, settings) =>
      amount(vcpus, Math.max(0, promisableVcpusOf(host, settings) - host.committedVcpus)),
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as RuleName[];

export interface Refusal {
  readonly rule: RuleName;
  readonly message: string;
  readonly needed: number | null;
  readonly available: number | null;
}

/** The first rule that the host breaks; null when it can take the VM. */
export const refusalOf = (
  host: HostCandidate,
  request: PlacementRequest,
  settings: PlacementSettings,
): Refusal | null => {
  for (const rule of RULE_NAMES) {
    const { refusal, measure } = RULES[rule] as Rule;
    const { holds, needed, available } = measure(host, request, settings);
    if (!holds) return { rule, message: refusal, needed, available };
  }
  return null;
};
