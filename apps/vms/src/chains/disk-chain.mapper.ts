import { can } from '@infinibay/access-domain';
import type { Actor, DiskLayer as LayerOfHost } from '@infinibay/contracts';
import { bytesToGib } from '../catalog/sizes.js';
import type { DiskLayer } from './disk-chain.model.js';

/** Where files of a host are is its operators' business. */
export const toDiskLayer = (layer: LayerOfHost, actor: Actor): DiskLayer => ({
  role: layer.role,
  format: layer.format,
  capacityGib: gibOf(layer.virtualSizeBytes),
  allocationGib: gibOf(layer.allocatedBytes),
  snapshotId: layer.snapshotId,
  path: can(actor, 'administer', { kind: 'host', departmentId: null }) ? layer.path : null,
  imageId: layer.imageId,
});

const gibOf = (bytes: number | null): number | null => (bytes === null ? null : bytesToGib(BigInt(bytes)));
