import { describe, expect, it } from '@jest/globals';
import { XMLParser } from 'fast-xml-parser';
import fc from 'fast-check';
import type { VmSpec } from '@infinibay/contracts';
import { domainXml, type DomainHostContext } from './domain-xml.js';
import { interfacesOf } from './libvirt-answers.js';
import { networkXml } from './network-xml.js';

const VM_ID = '0196f5a0-0000-7000-8000-000000000001';
const host: DomainHostContext = {
  virtType: 'qemu',
  diskPath: '/disks/vm.qcow2',
  agentSocketPath: '/agents/vm/agent.sock',
  screenSocketPath: '/agents/vm/vnc/socket',
  fence: 3,
};
const spec: VmSpec = {
  vmId: VM_ID,
  departmentId: '0196f5a0-0000-7000-8000-0000000000d1',
  name: 'web-1',
  vcpus: 2,
  memoryMib: 256,
  nics: [
    {
      portId: VM_ID,
      networkId: VM_ID,
      mac: '52:54:00:12:34:56',
      address: '10.80.0.10',
      networkName: 'infinibay-n1',
    },
  ],
  filterName: `infinibay-vm-${VM_ID}`,
};

const parser = new XMLParser({ ignoreAttributes: false, preserveOrder: true, processEntities: false });

/** A tag, or text without markup: anything else left over means that the document is not well formed. */
const TOKEN =
  /<\/?[\w:.-]+(?: [\w:.-]+="(?:[^<>&"]|&(?:[a-z]+|#\d+);)*")*\/?>|[^<>&\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&(?:[a-z]+|#\d+);/g;

/** Every element and attribute name with its depth, in order: the shape without the texts. */
const shapeOf = (xml: string): string[] => {
  expect(xml.replace(TOKEN, '')).toBe('');
  expect(Buffer.from(xml).toString() === xml).toBe(true);
  const names: string[] = [];
  const walk = (nodes: unknown, depth: number): void => {
    if (!Array.isArray(nodes)) return;
    for (const node of nodes as Record<string, unknown>[]) {
      for (const [name, value] of Object.entries(node)) {
        if (name === '#text') continue;
        const attributes = name === ':@' ? Object.keys(value as object) : [];
        names.push(`${depth}:${name}:${attributes.join(',')}`);
        walk(value, depth + 1);
      }
    }
  };
  walk(parser.parse(xml), 0);
  return names;
};

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      "'",
      ']]>',
      '<!--',
      '-->',
      '\u0000',
      '\r\n',
      '\ud800',
      '\uffff',
      'a',
      '</title>',
    ),
  }),
);
// An attribute or text that is empty still leaves its element, but an element without content closes itself: keep one letter.
const text = hostile.map((rest) => `x${rest}`);

describe('XML for libvirt', () => {
  it('keeps its set of elements and attributes whatever text any field holds', () => {
    const expected = shapeOf(domainXml(spec, { ...host, consoleLogPath: 'x', emulator: 'x', machine: 'x' }));
    fc.assert(
      fc.property(fc.array(text, { minLength: 13, maxLength: 13 }), (texts) => {
        const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = '', l = '', m = ''] =
          texts;
        const xml = domainXml(
          {
            ...spec,
            vmId: a,
            departmentId: b,
            name: c,
            filterName: d,
            nics: [{ portId: e, networkId: f, mac: e, address: f, networkName: g }],
          },
          {
            ...host,
            diskPath: h,
            agentSocketPath: i,
            screenSocketPath: m,
            consoleLogPath: j,
            emulator: k,
            machine: l,
          },
        );
        expect(shapeOf(xml)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the shape of networks too', () => {
    const network = (value: string) =>
      networkXml({
        networkId: value,
        name: value,
        bridge: value,
        mac: value,
        gateway: value,
        prefixLength: 24,
        reservations: [{ mac: value, address: value, hostname: value }],
      });
    fc.assert(fc.property(text, (value) => expect(shapeOf(network(value))).toEqual(shapeOf(network('x')))));
  });

  it('gives back every legal text unchanged', () => {
    const reader = new XMLParser({ ignoreAttributes: false, trimValues: false, parseTagValue: false });
    const xml = domainXml({ ...spec, name: '/a & b/<c>/"d"/é/😀' }, host);
    expect(reader.parse(xml)).toMatchObject({ domain: { title: '/a & b/<c>/"d"/é/😀' } });
  });

  it('has the title on one line, for libvirt refuses another', () => {
    expect(domainXml({ ...spec, name: 'a\r\nb' }, host)).toContain('<title>a b</title>');
  });
});

describe('domainXml', () => {
  it('gives each card its address and MAC with the filter', () => {
    const xml = domainXml(spec, host);
    expect(xml).toContain('<parameter name="IP" value="10.80.0.10"/><parameter name="MAC" value="52:54:00:12:34:56"/>');
    expect(interfacesOf(xml)).toEqual([
      {
        mac: '52:54:00:12:34:56',
        device: undefined,
        filterName: `infinibay-vm-${VM_ID}`,
        address: '10.80.0.10',
      },
    ]);
  });

  it('has no filter on a card where the driver has none', () => {
    expect(domainXml({ ...spec, filterName: null }, host)).not.toContain('filterref');
  });

  it('has a screen that listens on its socket and nowhere else, for several viewers at once, and none on the test driver', () => {
    const xml = domainXml(spec, host);
    expect(/<graphics.*<\/graphics>/.exec(xml)?.[0]).toBe(
      '<graphics type="vnc" sharePolicy="force-shared"><listen type="socket" socket="/agents/vm/vnc/socket"/></graphics>',
    );
    expect(xml).toContain('<video><model type="vga"');
    const onTest = domainXml(spec, { ...host, virtType: 'test' });
    for (const device of ['<graphics', '<video', '<input']) expect(onTest).not.toContain(device);
  });

  it('gives only what came with the screen a slot of its own choice, so that all else keeps its place', () => {
    const slots = domainXml(spec, host).match(/slot="\w+" function="\w+"/g);
    expect(slots).toEqual(['1', '0', '2', '3'].map((fn) => `slot="0x1e" function="0x${fn}"`));
  });

  it('uses the host CPU under KVM only', () => {
    expect(domainXml(spec, { ...host, virtType: 'kvm' })).toContain('host-passthrough');
    expect(domainXml(spec, host)).not.toContain('<cpu');
  });
});
