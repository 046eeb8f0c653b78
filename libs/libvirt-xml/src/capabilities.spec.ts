import { describe, expect, it } from '@jest/globals';
import { capabilityFacts, hostNodes, qemuUserOf } from './capabilities.js';

const CAPABILITIES = `<capabilities><host><uuid>cd289c2a-e099-479d-bbbf-432298175c9b</uuid>
  <cpu><arch>x86_64</arch><model>EPYC-Milan</model><vendor>AMD</vendor><microcode version='1'/>
    <topology sockets='1' dies='1' cores='2' threads='1'/><feature name='vaes'/><feature name='sse4.1'/><pages unit='KiB' size='4'/></cpu>
  <topology><cells num='2'>
    <cell id='0'><memory unit='KiB'>2097152</memory><pages unit='KiB' size='4'>524288</pages>
      <pages unit='KiB' size='2048'>64</pages><pages unit='KiB' size='1048576'>0</pages>
      <distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances>
      <cpus num='2'><cpu id='0' socket_id='0' core_id='0' siblings='0,2'/><cpu id='2' socket_id='0' core_id='0' siblings='0,2'/></cpus></cell>
    <cell id='3'><memory unit='KiB'>1536</memory><cpus num='0'></cpus></cell></cells></topology>
  <secmodel><model>none</model></secmodel></host>
  <guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64</wordsize><machine maxCpus='255'>pc-i440fx-7.2</machine>
    <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine><machine maxCpus='1' deprecated='yes'>isapc</machine>
    <domain type='qemu'/><domain type='kvm'><machine maxCpus='255'>pc-i440fx-7.2</machine></domain></arch></guest>
  <guest><os_type>xen</os_type><arch name='i686'><domain type='xen'/></arch></guest></capabilities>`;

describe(capabilityFacts.name, () => {
  const facts = capabilityFacts(CAPABILITIES);

  it('tells the CPU and what it has beyond its model', () => {
    expect(facts.cpu).toEqual({ arch: 'x86_64', model: 'EPYC-Milan', vendor: 'AMD', features: ['vaes', 'sse4.1'] });
  });

  it('tells the memory, CPUs and distances of each NUMA cell, also of one without CPUs', () => {
    expect(facts.numaCells).toEqual([
      {
        id: 0,
        memoryMib: 2_048,
        cpus: [0, 2],
        distances: [
          { cellId: 0, distance: 10 },
          { cellId: 1, distance: 21 },
        ],
      },
      { id: 3, memoryMib: 1, cpus: [], distances: [] },
    ]);
  });

  it('tells each machine type once, with what an alias stands for', () => {
    expect(facts.guestKinds).toEqual([
      {
        arch: 'x86_64',
        virtTypes: ['qemu', 'kvm'],
        machineTypes: [
          { name: 'pc-i440fx-7.2', canonicalName: null, maxVcpus: 255, deprecated: false },
          { name: 'pc', canonicalName: 'pc-i440fx-7.2', maxVcpus: 255, deprecated: false },
          { name: 'isapc', canonicalName: null, maxVcpus: 1, deprecated: true },
        ],
      },
    ]);
  });

  it('says unknown of what is not there', () => {
    expect(capabilityFacts('<capabilities/>')).toEqual({
      cpu: { arch: 'unknown', model: null, vendor: null, features: [] },
      numaCells: [],
      guestKinds: [],
    });
  });
});

describe(hostNodes.name, () => {
  it('tells the huge pages of each node, of the sizes that it has', () => {
    const hugePages = [
      { size: 'MIB_2', total: 64 },
      { size: 'GIB_1', total: 0 },
    ];
    expect(hostNodes(CAPABILITIES)).toEqual([
      { id: 0, memoryMib: 2_048, cpus: [0, 2], hugePages },
      { id: 3, memoryMib: 1, cpus: [], hugePages: [] },
    ]);
    expect(hostNodes('<capabilities/>')).toEqual([]);
  });
});

describe(qemuUserOf.name, () => {
  const host = (models: string): string => `<capabilities><host>${models}</host></capabilities>`;
  const labels =
    "<doi>0</doi><baselabel type='kvm'>+64055:+108</baselabel><baselabel type='qemu'>+64055:+108</baselabel>";

  it('tells the user and the group among other security models', () => {
    const apparmor = '<secmodel><model>apparmor</model><doi>0</doi></secmodel>';
    expect(qemuUserOf(host(`${apparmor}<secmodel><model>dac</model>${labels}</secmodel>`))).toEqual({
      uid: 64_055,
      gid: 108,
    });
  });

  it('tells none where there is none, or only a name', () => {
    expect(qemuUserOf(host('<secmodel><model>none</model><doi>0</doi></secmodel>'))).toBeUndefined();
    expect(qemuUserOf(host(`<secmodel><model>selinux</model>${labels}</secmodel>`))).toBeUndefined();
    const named = "<baselabel type='qemu'>qemu:qemu</baselabel>";
    expect(qemuUserOf(host(`<secmodel><model>dac</model>${named}</secmodel>`))).toBeUndefined();
  });
});
