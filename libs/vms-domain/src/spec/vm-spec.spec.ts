import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { specDifferences } from '../snapshots.js';
import { changesBetweenSpecs, type Json } from './spec-changes.js';
import { VmSpec, checkedSpec, resized, sizesOfSpec, specOfSizes, withLink, withLinks } from './vm-spec.js';

const spec = (changes: Record<string, unknown> = {}): VmSpec =>
  checkedSpec({ version: 1, vcpus: 2, maxVcpus: 2, memoryMib: 256, maxMemoryMib: 256, ...changes });

describe('the spec of a VM', () => {
  it('is refused with a size that no VM may have, a bound below its size, or of a version that is not known', () => {
    const bad: readonly Record<string, unknown>[] = [
      { vcpus: 0 },
      { vcpus: 513, maxVcpus: 513 },
      { vcpus: 1.5 },
      { memoryMib: 63 },
      { memoryMib: 16_777_217, maxMemoryMib: 16_777_217 },
      { memoryMib: '256' },
      { maxVcpus: 1 },
      { maxMemoryMib: 255 },
      { maxMemoryMib: null },
      { version: 2 },
      { version: undefined },
    ];
    for (const changes of bad) {
      expect([changes, VmSpec.safeParse({ ...spec(), ...changes }).success]).toEqual([changes, false]);
      expect(() => spec(changes)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
  });

  it('keeps what a newer version has added to it', () => {
    const newer = spec({ disks: [{ bus: 'virtio' }] });
    expect(resized(newer, { vcpus: 4, memoryMib: 512 })).toEqual({
      ...newer,
      ...sizesOfSpec(spec({ vcpus: 4, maxVcpus: 4, memoryMib: 512, maxMemoryMib: 512 })),
    });
  });

  it.each([
    ['without room stays without', {}, { vcpus: 4, memoryMib: 128 }, { maxVcpus: 4, maxMemoryMib: 128 }],
    [
      'with room keeps it',
      { maxVcpus: 4, maxMemoryMib: 512 },
      { vcpus: 1, memoryMib: 128 },
      { maxVcpus: 4, maxMemoryMib: 512 },
    ],
    ['grows beyond its room', { maxVcpus: 4 }, { vcpus: 6, memoryMib: 256 }, { maxVcpus: 6, maxMemoryMib: 256 }],
    [
      'gets the room that is named',
      {},
      { vcpus: 2, memoryMib: 256, maxVcpus: 8, maxMemoryMib: null },
      { maxVcpus: 8, maxMemoryMib: 256 },
    ],
  ])('%s', (_what, before, wanted, bounds) => {
    expect(resized(spec(before), wanted)).toMatchObject({
      ...bounds,
      vcpus: wanted.vcpus,
      memoryMib: wanted.memoryMib,
    });
  });

  it('refuses room below the size', () => {
    expect(() => resized(spec(), { vcpus: 4, memoryMib: 256, maxVcpus: 3 })).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        details: { issues: [{ path: 'maxVcpus', message: 'must be at least vcpus' }] },
      }),
    );
  });

  it('is of the same machine whether it starts by itself or not', () => {
    expect(specDifferences(spec(), spec({ autostart: true }))).toEqual([]);
    expect(specDifferences(spec(), spec({ autostart: true, maxVcpus: 3 }))).toEqual(['maxVcpus']);
  });

  it('of a time before autostart has none, and a resize keeps it', () => {
    expect(spec().autostart).toBe(false);
    expect(resized(spec({ autostart: true }), { vcpus: 3, memoryMib: 256 }).autostart).toBe(true);
    expect(() => spec({ autostart: 'yes' })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('has the links that are down, each by its port, and is the same when one is up again', () => {
    const [mac, other] = ['52:54:00:00:00:01', '52:54:00:00:00:02'];
    const down = withLink(spec(), mac, 'DOWN');
    expect(changesBetweenSpecs(spec(), down)).toEqual([{ path: `links.${mac}`, from: null, to: 'DOWN' }]);
    expect(withLink(down, mac, 'DOWN')).toEqual(down);
    const both = withLink(down, other, 'DOWN');
    expect(both.links).toEqual({ [mac]: 'DOWN', [other]: 'DOWN' });
    expect([withLinks(spec(), [mac, other], 'DOWN'), withLinks(both, [mac, other], 'UP')]).toEqual([both, spec()]);
    expect(withLink(withLink(both, other, 'UP'), mac, 'UP')).toEqual(spec());
    expect(withLink(spec(), mac, 'UP')).toEqual(spec());
    expect(resized(down, { vcpus: 3, memoryMib: 256 }).links).toEqual(down.links);
    for (const links of [{ eth0: 'DOWN' }, { [mac]: 'UP' }, [mac]])
      expect(() => spec({ links })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it('is of another machine with another link, and of a time before links has none that is down', () => {
    const { links: _none, ...before } = spec();
    expect(specDifferences(before, spec())).toEqual([]);
    const mac = '52:54:00:00:00:01';
    for (const then of [before, spec()])
      expect(specDifferences(then, withLink(spec(), mac, 'DOWN'))).toEqual([`links.${mac}`]);
  });

  it('is its sizes and back', () => {
    expect(sizesOfSpec(specOfSizes(sizesOfSpec(spec())))).toEqual(sizesOfSpec(spec()));
  });
});

describe('what differs between two specs', () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
  const document = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), json, { maxKeys: 5 });

  it('is told by path, in order, with lists by their places', () => {
    const before = spec({ disks: [{ bus: 'virtio', gib: 1 }, { bus: 'sata' }] });
    const after = spec({ maxVcpus: 4, disks: [{ bus: 'virtio', gib: 2 }], note: 'x' });
    expect(changesBetweenSpecs(before, after)).toEqual([
      { path: 'disks.0.gib', from: 1, to: 2 },
      { path: 'disks.1', from: { bus: 'sata' }, to: null },
      { path: 'maxVcpus', from: 2, to: 4 },
      { path: 'note', from: null, to: 'x' },
    ]);
  });

  it('is nothing for the same, and the other way round the same with from and to exchanged', () => {
    fc.assert(
      fc.property(document, document, (from, to) => {
        expect(changesBetweenSpecs(from, from)).toEqual([]);
        const turned = changesBetweenSpecs(to, from).map(({ path, from: a, to: b }) => ({ path, from: b, to: a }));
        expect(turned).toEqual(changesBetweenSpecs(from, to));
      }),
    );
  });

  it('is told whole for a list that becomes something else', () => {
    expect(changesBetweenSpecs({ a: [1] }, { a: { 0: 1 } })).toEqual([{ path: 'a', from: [1], to: { 0: 1 } }]);
    expect(changesBetweenSpecs({ a: [1] }, { a: 1 })).toEqual([{ path: 'a', from: [1], to: 1 }]);
  });
});
