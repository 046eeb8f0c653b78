import { describe, expect, it } from '@jest/globals';
import { NOT_TUNED, PLAIN_HARDWARE, type VmSizes, type VmSpec, type VmTuning } from '@infinibay/contracts';
import { domainSizesOf } from './domain-sizes.js';
import { domainXml, type DomainHostContext } from './domain-xml.js';
import { withoutGuestNodes } from './tuning-xml.js';

const VM = '0196f5a0-0000-7000-8000-000000000001';
const host: DomainHostContext = {
  virtType: 'qemu',
  diskPath: '/disks/vm.qcow2',
  agentSocketPath: '/agents/vm/agent.sock',
  screenSocketPath: '/agents/vm/vnc/socket',
  fence: 3,
};
const spec: VmSpec = {
  vmId: VM,
  departmentId: VM,
  name: 'web-1',
  vcpus: 2,
  memoryMib: 2_048,
  nics: [],
  filterName: null,
};
const SIZES: VmSizes = { vcpus: 2, maxVcpus: 2, memoryMib: 2_048, maxMemoryMib: 2_048 };
const WITH_ROOM: VmSizes = { ...SIZES, maxVcpus: 3, maxMemoryMib: 4_096 };
const NODES = [
  { vcpus: '0-1', memoryMib: 1_024, hostNode: null },
  { vcpus: '2', memoryMib: 3_072, hostNode: 1 },
];

describe('the memory and the CPUs of a domain', () => {
  const xmlOf = (tuning: Partial<VmTuning>, sizes = SIZES, changes: Partial<DomainHostContext> = {}): string =>
    domainXml(spec, { ...host, ...changes, tuned: { tuning: { ...NOT_TUNED, ...tuning }, sizes } });
  /** From how large it is to its devices, without what does not change. */
  const head = (xml: string): string => /<\/metadata>(.*)<os>/.exec(xml)?.[1] ?? '';
  const cpu = (xml: string): string => /<\/features>(.*)<clock/.exec(xml)?.[1] ?? '';

  it('are as they always were, to the byte, where nothing is said', () => {
    expect(xmlOf({})).toBe(domainXml(spec, host));
    expect(xmlOf({}, SIZES, { hardware: PLAIN_HARDWARE, virtType: 'kvm' })).toBe(
      domainXml(spec, { ...host, virtType: 'kvm' }),
    );
  });

  it.each<['MIB_2' | 'GIB_1', number]>([
    ['MIB_2', 2_048],
    ['GIB_1', 1_048_576],
  ])('are pages of %s, which are locked', (hugePages, kib) => {
    expect(head(xmlOf({ hugePages }))).toBe(
      '<memory unit="MiB">2048</memory>' +
        `<memoryBacking><hugepages><page size="${String(kib)}" unit="KiB"/></hugepages><locked/></memoryBacking>` +
        '<vcpu placement="static">2</vcpu>',
    );
  });

  it.each<[string, string[], string[]]>([
    ['one set for all', ['0-3'], ['0-3', '0-3', '0-3']],
    ['one for each', ['0', '1', '4-5'], ['0', '1', '4-5']],
  ])('are pinned by %s, also of those that may be plugged in', (_what, cpuPinning, sets) => {
    const pins = sets.map((set, vcpu) => `<vcpupin vcpu="${String(vcpu)}" cpuset="${set}"/>`).join('');
    expect(head(xmlOf({ cpuPinning }, WITH_ROOM))).toBe(
      '<memory unit="MiB">4096</memory><currentMemory unit="MiB">2048</currentMemory>' +
        `<vcpu placement="static" current="2">3</vcpu><cputune>${pins}</cputune>`,
    );
  });

  it('are nodes of all of its room, with any CPU, and bound to one of the host where that is said', () => {
    const xml = xmlOf({ numaNodes: NODES }, WITH_ROOM);
    const cells =
      '<numa><cell id="0" cpus="0-1" memory="1024" unit="MiB"/><cell id="1" cpus="2" memory="3072" unit="MiB"/></numa>';
    expect(head(xml)).toContain('<numatune><memnode cellid="1" mode="strict" nodeset="1"/></numatune>');
    expect(cpu(xml)).toBe(`<cpu>${cells}</cpu>`);
    const passedThrough = `<cpu mode="host-passthrough" migratable="on">${cells}</cpu>`;
    expect(cpu(xmlOf({ numaNodes: NODES }, WITH_ROOM, { virtType: 'kvm' }))).toBe(passedThrough);
    const hardware = { ...PLAIN_HARDWARE, cpuModel: 'EPYC' };
    expect(cpu(xmlOf({ numaNodes: NODES }, WITH_ROOM, { hardware }))).toContain(`EPYC</model>${cells}</cpu>`);
    expect(head(xmlOf({ numaNodes: [{ vcpus: '0-1', memoryMib: 2_048, hostNode: null }] }))).not.toContain('numatune');
  });

  it('are the sizes with their room', () => {
    const { vcpus, maxVcpus } = WITH_ROOM;
    const kib = { memoryKib: 2_097_152, maxMemoryKib: 4_194_304 };
    expect(domainSizesOf(xmlOf({ numaNodes: NODES }, WITH_ROOM))).toEqual({ vcpus, maxVcpus, ...kib });
  });

  it('lose their nodes alone, so that the room can become another', () => {
    const tuning: Partial<VmTuning> = { hugePages: 'MIB_2', cpuPinning: ['0'] };
    const without = xmlOf(tuning, WITH_ROOM, { virtType: 'kvm' });
    const removed = withoutGuestNodes(xmlOf({ ...tuning, numaNodes: NODES }, WITH_ROOM, { virtType: 'kvm' }));
    expect(removed.replace('"></cpu>', '"/>')).toBe(without);
    expect(withoutGuestNodes(without)).toBe(without);
  });
});
