import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DomainSizes, VmSpec } from '@infinibay/contracts';
import { domainSizesOf, isOfRunningDomain } from './domain-sizes.js';
import { domainXml } from './domain-xml.js';
import { topLevelElements } from './top-level-elements.js';

const ANSWERS = join(import.meta.dirname, '../test/answers');
const answer = (name: string): string => readFileSync(join(ANSWERS, `${name}.xml`), 'utf8');
const VM_ID = '0196f5a0-0000-7000-8000-000000000001';

const spec = (changes: Partial<VmSpec>): VmSpec => ({
  vmId: VM_ID,
  departmentId: VM_ID,
  name: 'web-1',
  vcpus: 2,
  memoryMib: 256,
  nics: [],
  filterName: null,
  ...changes,
});
const sizes = (vcpus: number, memoryKib: number, changes: Partial<DomainSizes> = {}): DomainSizes => ({
  vcpus,
  maxVcpus: vcpus,
  memoryKib,
  maxMemoryKib: memoryKib,
  ...changes,
});

/** What libvirt 9.0 answered, word for word but for paths. */
const CORPUS: Readonly<Record<string, DomainSizes>> = {
  'qemu-definition': sizes(1, 196_608),
  'qemu-running': sizes(1, 196_608),
  'qemu-screen-definition': sizes(1, 65_536),
  'qemu-screen-running': sizes(1, 65_536),
  'test-definition': { vcpus: 3, maxVcpus: 4, memoryKib: 4_194_304, maxMemoryKib: 9_388_608 },
  'test-running': { vcpus: 2, maxVcpus: 2, memoryKib: 1_048_576, maxMemoryKib: 8_388_608 },
};

describe('the sizes of a domain', () => {
  it('are read from all that libvirt answered', () => {
    expect(readdirSync(ANSWERS).sort()).toEqual(Object.keys(CORPUS).map((name) => `${name}.xml`));
    for (const [name, expected] of Object.entries(CORPUS)) {
      expect([name, domainSizesOf(answer(name))]).toEqual([name, expected]);
      expect([name, isOfRunningDomain(answer(name))]).toEqual([name, name.endsWith('running')]);
    }
  });

  it('are those that it was defined with, under either driver and whatever it is called', () => {
    const virtType = fc.constantFrom('kvm', 'qemu', 'test');
    const of = { vcpus: fc.integer({ min: 1, max: 512 }), memoryMib: fc.integer({ min: 64, max: 16_777_216 }) };
    fc.assert(
      fc.property(fc.record({ ...of, name: fc.string({ unit: 'binary' }) }), virtType, (said, type) => {
        const host = {
          virtType: type,
          diskPath: '/d',
          agentSocketPath: '/a',
          screenSocketPath: '/v',
          fence: 1,
        } as const;
        const { vcpus, memoryMib } = said;
        expect(domainSizesOf(domainXml(spec(said), host))).toEqual(sizes(vcpus, memoryMib * 1_024));
      }),
    );
  });

  it('are the same for what libvirt leaves out and what it fills in', () => {
    const head = (text: string) => `<domain type='qemu'>${text}<devices/></domain>`;
    const same = [
      `<memory unit='KiB'>262144</memory><vcpu>1</vcpu>`,
      `<memory>262144</memory>`,
      `<memory unit='MiB'>256</memory><currentMemory unit='KiB'>262144</currentMemory><vcpu placement='static'>1</vcpu>`,
      `<memory unit='bytes'>268435456</memory><currentMemory>0</currentMemory><vcpu current='1'>1</vcpu>`,
      `<memory unit='KiB'>262144</memory><currentMemory unit='GiB'>7</currentMemory><vcpu current='9'>1</vcpu>`,
      `<memory unit='b'>268434433</memory>`,
    ];
    for (const text of same) expect([text, domainSizesOf(head(text))]).toEqual([text, sizes(1, 262_144)]);
  });

  it('are not taken from what has such a name further in, in another tongue, a comment or a text', () => {
    const xml = `<?xml version='1.0'?><!-- <memory>1</memory> --><domain type='kvm' id='3'>
      <title>&lt;memory&gt;1&lt;/memory&gt;</title><description><![CDATA[<vcpu>9</vcpu>]]></description>
      <metadata><x:memory xmlns:x='u'>5</x:memory><memory xmlns='u'>6</memory></metadata>
      <memory unit='KiB' dumpCore='on'>524288</memory><currentMemory unit='KiB'>262144</currentMemory>
      <vcpu placement='static' cpuset='0-3' current='2'>4</vcpu><vcpus><vcpu id='0' enabled='yes'/></vcpus>
      <numatune><memory mode='strict' nodeset='0'/></numatune>
      <devices><memory model='dimm'><target><size unit='KiB'>524288</size></target></memory></devices></domain>`;
    expect(domainSizesOf(xml)).toEqual({ vcpus: 2, maxVcpus: 4, memoryKib: 262_144, maxMemoryKib: 524_288 });
  });

  it('are refused of what is no domain', () => {
    for (const xml of ['', '<network><memory>1</memory></network>', '<domain/>', `<domain><memory>x</memory></domain>`])
      expect(() => domainSizesOf(xml)).toThrow(RangeError);
    expect(() => domainSizesOf(`<domain><memory unit='yd'>1</memory></domain>`)).toThrow(RangeError);
    expect(() => domainSizesOf(`<domain><memory>1</memory><vcpu>all</vcpu></domain>`)).toThrow(RangeError);
  });
});

describe('the elements at the top of a document', () => {
  it('are told with their text, those that close themselves too', () => {
    expect(topLevelElements(`<a><b x='>'/><c>1 <d>2</d></c></a>`, 'a')).toEqual([
      { name: 'b', tag: `<b x='>'/>`, text: '' },
      { name: 'c', tag: '<c>', text: '1 ' },
    ]);
  });
});
