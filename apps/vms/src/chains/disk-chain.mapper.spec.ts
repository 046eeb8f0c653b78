import type { Actor, DiskLayer } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { toDiskLayer } from './disk-chain.mapper.js';

const MEMBER: Actor = { userId: 'u', sessionId: 's', role: 'USER', departmentIds: ['d'] };
const ADMIN: Actor = { userId: 'a', sessionId: 's', role: 'ADMIN', departmentIds: [] };
const LAYER: DiskLayer = {
  role: 'OWN',
  format: 'qcow2',
  virtualSizeBytes: 2_147_483_648,
  allocatedBytes: 536_870_912,
  imageId: null,
  snapshotId: null,
  path: '/disks/vm.qcow2',
};

describe(toDiskLayer, () => {
  it('shows where a file is to administrators alone', () => {
    const shown = { role: 'OWN', format: 'qcow2', capacityGib: 2, allocationGib: 0.5, imageId: null, snapshotId: null };
    expect(toDiskLayer(LAYER, ADMIN)).toEqual({ ...shown, path: '/disks/vm.qcow2' });
    expect(toDiskLayer(LAYER, MEMBER)).toEqual({ ...shown, path: null });
  });

  it('has no size of what its host tells none of', () => {
    const unsized = { ...LAYER, virtualSizeBytes: null, allocatedBytes: null };
    expect(toDiskLayer(unsized, MEMBER)).toMatchObject({ capacityGib: null, allocationGib: null });
  });
});
