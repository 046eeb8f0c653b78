import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { StoragePools } from './storage-pools.js';
import { VolumeAttachments } from './volume-attachments.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumePivots } from './volume-pivots.js';
import { VolumePlaces, restingIn } from './volume-places.js';

const LOOK_MS = 30_000;
const CLEANING_MS = 30_000;

/** What a move has left in the place that does not count. It is removed only while the volume is in the one that does. */
@Injectable()
export class VolumeLeftovers implements OnApplicationBootstrap, OnApplicationShutdown {
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly gate: VmGate,
    private readonly pools: StoragePools,
    private readonly places: VolumePlaces,
    private readonly copies: VolumeCopies,
    private readonly pivots: VolumePivots,
    private readonly attachments: VolumeAttachments,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const begin = (): void => {
      this.running ??= this.cleanAll().finally(() => (this.running = undefined));
    };
    this.timer = setInterval(begin, LOOK_MS);
    begin();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

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
    if (vmId !== null) await this.endJob(vmId, own.files.pathOf(volumeId), deadline);
    // The job that has ended may have been asked to pivot before.
    if (phase === 'PIVOTING') await this.pivots.settle(volumeId, deadline);
    if (this.places.of(volumeId).pool !== pool) return this.clean(volumeId, deadline);
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

  /** Unless it is gone already: whatever the guest has copied is thrown away. */
  private async endJob(vmId: string, path: string, deadline: Deadline): Promise<void> {
    const disk = await this.attachments.liveDisk(vmId, path, deadline);
    if (disk === undefined) return;
    await this.hypervisor.use('end-disk-job', async ({ domains }) => {
      const handle = domains.handle(vmId).disk(disk.target);
      if ((await handle.job({ timeoutMs: deadline.timeoutMs() })) === null) return;
      await handle.abortJob({ timeoutMs: deadline.timeoutMs() });
    });
  }

  /** A copy that has not come about is the service's to go on with, or to end. */
  private async cleanAll(): Promise<void> {
    for (const [volumeId, { phase }] of this.places.entries()) {
      if (phase !== 'MOVED' || this.copies.isUnderWay(volumeId)) continue;
      const deadline = Deadline.after(CLEANING_MS);
      await this.gate
        .unfenced(volumeId, () => this.clean(volumeId, deadline), deadline)
        .catch((error: unknown) => {
          this.logger.warn({ volumeId, err: error }, 'what is left of the volume elsewhere is not removed yet');
        });
    }
  }
}
