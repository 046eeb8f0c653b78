import { MAX_SNAPSHOT_LAYERS, type DiskLayer } from '@infinibay/contracts';
import { z } from 'zod';
import { snapshotIdIn } from './snapshot-files.js';

/** What a disk consists of, by its own header. */
export interface ExpectedChain {
  readonly path: string;
  /** null: it reads from none. */
  readonly image: { readonly id: string; readonly path: string } | null;
}

/** An entry of `qemu-img info --backing-chain`. */
const QemuLayer = z.object({
  filename: z.string(),
  format: z.string(),
  'virtual-size': z.int().nonnegative(),
  'actual-size': z.int().nonnegative().optional(),
  snapshots: z.array(z.object({ name: z.string() })).default([]),
});
type QemuLayer = z.infer<typeof QemuLayer>;

/**
 * From what qemu-img says to what is told.
 * @returns undefined when it reads from other files than are expected: none of them is told
 * @throws ZodError, SyntaxError for what is no answer of qemu-img
 */
export const layersIn = (output: string, { path, image }: ExpectedChain): DiskLayer[] | undefined => {
  const chain = z.array(QemuLayer).parse(JSON.parse(output));
  const expected = image === null ? [path] : [path, image.path];
  const isExpected = chain.length === expected.length && chain.every(({ filename }, at) => filename === expected[at]);
  const [own, below] = chain;
  if (!isExpected || own === undefined) return undefined;
  const layers = [fileLayer('OWN', own, null), ...snapshotLayers(own)];
  return below === undefined || image === null ? layers : [...layers, fileLayer('IMAGE', below, image.id)];
};

const fileLayer = (role: 'OWN' | 'IMAGE', layer: QemuLayer, imageId: string | null): DiskLayer => ({
  role,
  format: layer.format,
  virtualSizeBytes: layer['virtual-size'],
  allocatedBytes: layer['actual-size'] ?? null,
  imageId,
  snapshotId: null,
  path: layer.filename,
});

/** They are within the file, which has them oldest first. What somebody else has taken is not told. */
const snapshotLayers = ({ format, snapshots }: QemuLayer): DiskLayer[] =>
  snapshots
    .map(({ name }) => snapshotIdIn(name))
    .filter((snapshotId) => snapshotId !== undefined)
    .slice(-MAX_SNAPSHOT_LAYERS)
    .reverse()
    .map((snapshotId) => ({
      role: 'SNAPSHOT',
      format,
      virtualSizeBytes: null,
      allocatedBytes: null,
      imageId: null,
      snapshotId,
      path: null,
    }));
