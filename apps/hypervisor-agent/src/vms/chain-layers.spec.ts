import { MAX_SNAPSHOT_LAYERS } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { layersIn } from './chain-layers.js';
import { snapshotName } from './snapshot-files.js';

const IMAGE = { id: '0196f5a0-0000-7000-8000-0000000000e1', path: '/images/base.qcow2' };
const PATH = '/disks/vm-1.qcow2';
const idOf = (index: number): string => `0196f5a0-0000-7000-8000-${String(index).padStart(12, '0')}`;

/** As qemu-img says it, with more than is told. */
const own = (more: Record<string, unknown> = {}) => ({
  filename: PATH,
  format: 'qcow2',
  'virtual-size': 1_024,
  'actual-size': 512,
  'cluster-size': 65_536,
  'backing-filename': IMAGE.path,
  ...more,
});
const base = { filename: IMAGE.path, format: 'raw', 'virtual-size': 768 };
const layers = (...chain: object[]) => layersIn(JSON.stringify(chain), { path: PATH, image: IMAGE });

const NONE = { imageId: null, snapshotId: null };
const OWN = { role: 'OWN', format: 'qcow2', virtualSizeBytes: 1_024, allocatedBytes: 512, ...NONE, path: PATH };

describe(layersIn, () => {
  it('tells the file, and the image that it reads from', () => {
    const below = { role: 'IMAGE', format: 'raw', virtualSizeBytes: 768, allocatedBytes: null };
    expect(layers(own(), base)).toEqual([OWN, { ...below, ...NONE, imageId: IMAGE.id, path: IMAGE.path }]);
    expect(layersIn(JSON.stringify([own()]), { path: PATH, image: null })).toEqual([OWN]);
  });

  it('tells what the file keeps of snapshots of ours, the newest first, with no size and no path of their own', () => {
    const ids = Array.from({ length: MAX_SNAPSHOT_LAYERS + 1 }, (_, index) => idOf(index));
    const snapshots = [...ids.map((id) => ({ name: snapshotName(id) })), { name: 'by hand' }, { name: 'infinibay-x' }];
    const [first, newest, ...others] = layers(own({ snapshots }), base) ?? [];
    const size = { virtualSizeBytes: null, allocatedBytes: null };
    expect([first, newest]).toEqual([
      OWN,
      { role: 'SNAPSHOT', format: 'qcow2', ...size, imageId: null, snapshotId: ids.at(-1), path: null },
    ]);
    expect(others.map(({ role }) => role)).toEqual([...ids.slice(2).map(() => 'SNAPSHOT'), 'IMAGE']);
    // The oldest are left out, and no reply is too long.
    expect(others.at(-2)?.snapshotId).toBe(ids[1]);
  });

  it('tells nothing of a disk that reads from anything else', () => {
    const other = { ...base, filename: '/etc/shadow' };
    for (const chain of [[own()], [own(), other], [own(), base, other], [{ ...own(), filename: '/else' }, base], []])
      expect(layers(...chain)).toBeUndefined();
    expect(layersIn(JSON.stringify([own(), base]), { path: PATH, image: null })).toBeUndefined();
    for (const answer of ['', '{}', '[{}]']) expect(() => layersIn(answer, { path: PATH, image: IMAGE })).toThrow();
  });
});
