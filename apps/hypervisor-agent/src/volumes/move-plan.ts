import { DomainError, type RequestOf, type moveVolume } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { StoragePools, type HostPool } from './storage-pools.js';
import { VolumeAttachments } from './volume-attachments.js';
import { VolumePivots } from './volume-pivots.js';
import { VolumePlaces } from './volume-places.js';
import { VolumeService } from './volume.service.js';

export type AskedMove = RequestOf<typeof moveVolume>;

/** A move that can be made. */
export interface VolumeMove {
  readonly volumeId: string;
  readonly from: HostPool;
  readonly to: HostPool;
  readonly capacityBytes: number;
  /** Whose guest has it, and under which name; null: none. */
  readonly guest: { readonly vmId: string; readonly target: string } | null;
}

/** What there is of a volume where it shall go: all, a copy that has been begun, or nothing. */
export type MoveStand = 'THERE' | 'BEGUN' | 'AWAY';

/** Everything that can refuse a move, looked at before anything is written. */
@Injectable()
export class MovePlan {
  constructor(
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    private readonly volumes: VolumeService,
    private readonly attachments: VolumeAttachments,
    private readonly pivots: VolumePivots,
  ) {}

  /** @throws DomainError POOL_NOT_FOUND, HYPERVISOR_ERROR */
  async stand({ volumeId, poolName }: AskedMove, deadline: Deadline): Promise<MoveStand> {
    const { name } = this.pools.get(poolName);
    await this.pivots.settle(volumeId, deadline);
    const { pool, other, phase } = this.places.of(volumeId);
    if (pool === name) return 'THERE';
    return other === name && (phase === 'COPYING' || phase === 'PIVOTING') ? 'BEGUN' : 'AWAY';
  }

  /** @throws DomainError POOL_NOT_FOUND, VOLUME_BUSY, STORAGE_UNAVAILABLE and the other problems of volumes */
  async make({ volumeId, poolName, vmId }: AskedMove, deadline: Deadline): Promise<VolumeMove> {
    const to = this.pools.get(poolName);
    const from = this.volumes.poolOf(volumeId);
    await this.pools.requireApart(from, to);
    const capacityBytes = await this.volumes.requireSound(volumeId, vmId !== null);
    if (vmId === null) return { volumeId, from, to, capacityBytes, guest: null };
    const disk = await this.attachments.liveDisk(vmId, from.files.pathOf(volumeId), deadline);
    if (disk === undefined) throw new DomainError('VOLUME_BUSY', { volumeId, vmId, reason: 'its VM is off' });
    // Of a guest that is off its definition tells where the volume is: one that is not what runs would tell of a copy.
    const defined = await this.attachments.definedFiles(vmId, deadline);
    if (!defined.includes(from.files.pathOf(volumeId)) || defined.includes(to.files.pathOf(volumeId)))
      throw new DomainError('HYPERVISOR_ERROR', { volumeId, vmId, reason: 'its definition names another file' });
    return { volumeId, from, to, capacityBytes, guest: { vmId, target: disk.target } };
  }
}
