import { DomainError, inspectChain, type DiskLayer, type ErrorCode } from '@infinibay/contracts';
import type { Serve } from './simulated-links.js';

const GIB = 1_073_741_824;
const NONE = { imageId: null, snapshotId: null } as const;

/** What disks on the simulated host consist of, whether they are there or not. */
export class SimulatedChains {
  /** What each look is refused with. */
  refusal: ErrorCode | null = null;
  /** What each disk keeps within itself. */
  readonly snapshotIds: string[] = [];
  /** Ids that somebody wanted to know of. */
  readonly asked: string[] = [];

  serve(on: Serve, imageId: string): void {
    on(inspectChain, ({ kind, id }) => {
      this.asked.push(id);
      if (this.refusal !== null) return Promise.reject(new DomainError(this.refusal, { id }));
      const size = { virtualSizeBytes: GIB, allocatedBytes: GIB / 4 };
      const own: DiskLayer = { role: 'OWN', format: 'qcow2', ...size, ...NONE, path: `/disks/${id}.qcow2` };
      if (kind === 'VOLUME') return Promise.resolve({ layers: [own] });
      const image: DiskLayer = { ...own, role: 'IMAGE', format: 'raw', imageId, path: '/images/base.img' };
      return Promise.resolve({ layers: [own, ...this.snapshotIds.map(snapshotLayer), image] });
    });
  }
}

const snapshotLayer = (snapshotId: string): DiskLayer => ({
  role: 'SNAPSHOT',
  format: 'qcow2',
  virtualSizeBytes: null,
  allocatedBytes: null,
  imageId: null,
  snapshotId,
  path: null,
});
