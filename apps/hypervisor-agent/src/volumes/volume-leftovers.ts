import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Deadline } from '../work/deadline.js';
import { StoragePools } from './storage-pools.js';
import { VolumePivots } from './volume-pivots.js';
import { VolumePlaces, movedTo, restingIn } from './volume-places.js';

/** What a move has left in the place that does not count. It is removed only while the volume is in the one that does. */
@Injectable()
export class VolumeLeftovers {
  constructor(
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    private readonly pivots: VolumePivots,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Call in turn with what else is done to the volume, and while it is not copied.
   * @throws DomainError STORAGE_UNAVAILABLE, HYPERVISOR_ERROR, VM_UNRESPONSIVE
   */
  async clean(volumeId: string, deadline: Deadline): Promise<void> {
    await this.pivots.settle(volumeId, deadline);
    const { pool, other, phase, vmId } = this.places.of(volumeId);
    if (other === null) return;
    const own = this.pools.holding(pool);
    const left = this.pools.holding(other);
    if (vmId !== null) await this.pivots.endJob(vmId, own.files.pathOf(volumeId), deadline);
    // The job that has ended may have been asked to pivot before.
    if (phase === 'PIVOTING') await this.pivots.settle(volumeId, deadline);
    const now = this.places.of(volumeId);
    if (now.pool !== pool) return this.clean(volumeId, deadline);
    if (now.phase === 'PIVOTING') throw new DomainError('VM_UNRESPONSIVE', { volumeId, vmId });
    // Nothing is copied any more. What is left goes now, or when its storage lets it.
    if (now.phase !== 'MOVED') await this.places.keep(volumeId, movedTo(pool, other));
    await this.pools.requireApart(own, left);
    if ((await own.files.belongsTo(volumeId)) !== true) {
      const message = 'The volume is not in its place; what is left of it elsewhere is kept';
      throw new DomainError('STORAGE_UNAVAILABLE', { volumeId }, { message });
    }
    const isOurs = await left.files.belongsTo(volumeId);
    deadline.check();
    if (isOurs === true) await left.files.remove(volumeId);
    await left.files.removeUnfinished(volumeId);
    await this.places.keep(volumeId, restingIn(pool));
    this.logger.info({ volumeId, pool, other }, 'what was left of the volume elsewhere is removed');
  }
}
