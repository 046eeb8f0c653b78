import {
  HUGE_PAGE_MIB,
  HugePageSize,
  type HostCpu,
  type HostGuestKind,
  type HostMachineType,
  type HostNode,
  type HostNumaCell,
  type HugePagePool,
} from '@infinibay/contracts';
import { attribute, elements, tags, textOf } from './read-markup.js';

/** What libvirt's capabilities tell of a host. */
export interface CapabilityFacts {
  readonly cpu: Pick<HostCpu, 'arch' | 'model' | 'vendor' | 'features'>;
  readonly numaCells: readonly Omit<HostNumaCell, 'memoryFreeMib'>[];
  readonly guestKinds: readonly HostGuestKind[];
}

/** Reads what `virConnectGetCapabilities` answered. */
export const capabilityFacts = (capabilitiesXml: string): CapabilityFacts => {
  const host = elements(capabilitiesXml, 'host')[0] ?? '';
  return {
    // Those of the cells have attributes and no content.
    cpu: cpuOf(elements(host, 'cpu')[0] ?? ''),
    numaCells: elements(host, 'cell').map(cellOf),
    guestKinds: elements(capabilitiesXml, 'guest')
      .filter((guest) => textOf(guest, 'os_type') === 'hvm')
      .flatMap((guest) => elements(guest, 'arch').map(guestKindOf)),
  };
};

/** A NUMA node, with how many huge pages of each size it has; which of them are free is asked of libvirt by itself. */
export interface HostNodeFacts extends Omit<HostNode, 'hugePages'> {
  readonly hugePages: readonly Omit<HugePagePool, 'free'>[];
}

/** The NUMA nodes of the host; libvirt tells one where there is no NUMA. */
export const hostNodes = (capabilitiesXml: string): HostNodeFacts[] =>
  elements(elements(capabilitiesXml, 'host')[0] ?? '', 'cell').map((xml) => {
    const { id, memoryMib, cpus } = cellOf(xml);
    return { id, memoryMib, cpus, hugePages: pagePoolsOf(xml) };
  });

const KIB_PER_MIB = 1_024;

const pagePoolsOf = (cellXml: string): Omit<HugePagePool, 'free'>[] => {
  const pools = elements(cellXml, 'pages').map((pages): [number, number] => [
    numberOf(tags(pages, 'pages')[0], 'size'),
    Number(textOf(pages, 'pages') ?? 0),
  ]);
  const totalOf = new Map(pools);
  return HugePageSize.options.flatMap((size) => {
    const total = totalOf.get(HUGE_PAGE_MIB[size] * KIB_PER_MIB);
    return total === undefined ? [] : [{ size, total }];
  });
};

/** The user and group that QEMU runs as. */
export interface QemuUser {
  readonly uid: number;
  readonly gid: number;
}

/** undefined where libvirt tells of none: it runs QEMU as who it is itself. */
export const qemuUserOf = (capabilitiesXml: string): QemuUser | undefined => {
  const models = elements(elements(capabilitiesXml, 'host')[0] ?? '', 'secmodel');
  const dac = models.find((model) => textOf(model, 'model') === 'dac') ?? '';
  const [, uid, gid] = /^\+?(\d+):\+?(\d+)$/.exec(textOf(dac, 'baselabel') ?? '') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
};

const cpuOf = (xml: string): CapabilityFacts['cpu'] => ({
  arch: textOf(xml, 'arch') ?? 'unknown',
  model: textOf(xml, 'model') ?? null,
  vendor: textOf(xml, 'vendor') ?? null,
  features: tags(xml, 'feature').flatMap((tag) => attribute(tag, 'name') ?? []),
});

const cellOf = (xml: string): Omit<HostNumaCell, 'memoryFreeMib'> => ({
  id: numberOf(tags(xml, 'cell')[0], 'id'),
  memoryMib: Math.floor(Number(textOf(xml, 'memory') ?? 0) / 1024),
  cpus: tags(xml, 'cpu').map((tag) => numberOf(tag, 'id')),
  distances: tags(xml, 'sibling').map((tag) => ({ cellId: numberOf(tag, 'id'), distance: numberOf(tag, 'value') })),
});

const guestKindOf = (xml: string): HostGuestKind => ({
  arch: attribute(tags(xml, 'arch')[0], 'name') ?? 'unknown',
  virtTypes: [...new Set(tags(xml, 'domain').flatMap((tag) => attribute(tag, 'type') ?? []))],
  machineTypes: machineTypesOf(xml),
});

/** A domain type may list machines of its own again. */
const machineTypesOf = (xml: string): HostMachineType[] => {
  const named = elements(xml, 'machine').map((machine): [string, HostMachineType] => {
    const name = textOf(machine, 'machine') ?? '';
    const [tag] = tags(machine, 'machine');
    const maxVcpus = attribute(tag, 'maxCpus');
    return [
      name,
      {
        name,
        canonicalName: attribute(tag, 'canonical') ?? null,
        maxVcpus: maxVcpus === undefined ? null : Number(maxVcpus),
        deprecated: attribute(tag, 'deprecated') === 'yes',
      },
    ];
  });
  return [...new Map(named).values()];
};

const numberOf = (tag: string | undefined, name: string): number => Number(attribute(tag, name) ?? 0);
