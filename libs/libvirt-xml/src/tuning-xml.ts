import { HUGE_PAGE_MIB, type VmSizes, type VmSpec, type VmTuning } from '@infinibay/contracts';
import { element, type XmlElement } from './xml-element.js';

const KIB_PER_MIB = 1_024;

/** Which memory and CPUs of its host a VM has, and how large it is with its room, which all of that is of. */
export interface TunedVm {
  readonly tuning: VmTuning;
  readonly sizes: VmSizes;
}

/** How large a domain is, and what of its host that is of. @param tuned undefined: what the host gives it, without room */
export const sizeElements = ({ vcpus, memoryMib }: VmSpec, tuned: TunedVm | undefined): XmlElement[] => {
  if (tuned === undefined) return [mib('memory', memoryMib), element('vcpu', { placement: 'static' }, String(vcpus))];
  const { tuning, sizes } = tuned;
  const current = sizes.vcpus < sizes.maxVcpus ? sizes.vcpus : undefined;
  return [
    mib('memory', sizes.maxMemoryMib),
    ...(sizes.memoryMib < sizes.maxMemoryMib ? [mib('currentMemory', sizes.memoryMib)] : []),
    ...memoryBacking(tuning),
    element('vcpu', { placement: 'static', current }, String(sizes.maxVcpus)),
    ...cpuTune(tuning, sizes),
    ...numaTune(tuning),
  ];
};

const mib = (name: string, amount: number): XmlElement => element(name, { unit: 'MiB' }, String(amount));

/** Huge pages are never swapped; what else QEMU has is locked with them. */
const memoryBacking = ({ hugePages }: VmTuning): XmlElement[] => {
  if (hugePages === 'NONE') return [];
  const page = element('page', { size: HUGE_PAGE_MIB[hugePages] * KIB_PER_MIB, unit: 'KiB' });
  return [element('memoryBacking', {}, element('hugepages', {}, page), element('locked'))];
};

/** Each vCPU by itself, also those that are plugged in later: what else QEMU does is not bound to their CPUs. */
const cpuTune = ({ cpuPinning }: VmTuning, { maxVcpus }: VmSizes): XmlElement[] => {
  const [first] = cpuPinning;
  if (first === undefined) return [];
  const pins = Array.from({ length: maxVcpus }, (_none, vcpu) =>
    element('vcpupin', { vcpu, cpuset: cpuPinning.length === 1 ? first : (cpuPinning[vcpu] ?? first) }),
  );
  return [element('cputune', {}, ...pins)];
};

const numaTune = ({ numaNodes }: VmTuning): XmlElement[] => {
  const bound = numaNodes.flatMap(({ hostNode }, cellid) =>
    hostNode === null ? [] : [element('memnode', { cellid, mode: 'strict', nodeset: hostNode })],
  );
  return bound.length === 0 ? [] : [element('numatune', {}, ...bound)];
};

/** What stands in the CPU of a domain; undefined: its guest sees one node. */
export const guestNodes = (tuned: TunedVm | undefined): XmlElement | undefined => {
  const cells = (tuned?.tuning.numaNodes ?? []).map(({ vcpus, memoryMib }, id) =>
    element('cell', { id, cpus: vcpus, memory: memoryMib, unit: 'MiB' }),
  );
  return cells.length === 0 ? undefined : element('numa', {}, ...cells);
};

const NODES = /\s*<numa>[\s\S]*?<\/numa>/;
const BOUND_NODES = /\s*<numatune>[\s\S]*?<\/numatune>/;

/**
 * The definition of a domain, as libvirt tells it, without the nodes that its guest sees and what they are bound to: libvirt
 * gives a domain that has any no other room. The next start defines it anew, with those that fit it then.
 */
export const withoutGuestNodes = (definition: string): string =>
  NODES.test(definition) ? definition.replace(NODES, '').replace(BOUND_NODES, '') : definition;
