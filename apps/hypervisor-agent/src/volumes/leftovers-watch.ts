import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeLeftovers } from './volume-leftovers.js';
import { VolumePlaces } from './volume-places.js';

const LOOK_MS = 30_000;
const CLEANING_MS = 30_000;

/**
 * Removes what moves that came about have left, when the agent starts and until it is gone. A copy that has not come about
 * is the service's to go on with, or to end.
 */
@Injectable()
export class LeftoversWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly gate: VmGate,
    private readonly places: VolumePlaces,
    private readonly copies: VolumeCopies,
    private readonly leftovers: VolumeLeftovers,
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

  private async cleanAll(): Promise<void> {
    for (const [volumeId] of this.places.entries()) {
      const deadline = Deadline.after(CLEANING_MS);
      await this.gate
        .unfenced(volumeId, () => this.clean(volumeId, deadline), deadline)
        .catch((error: unknown) => {
          this.logger.warn({ volumeId, err: error }, 'what is left of the volume elsewhere is not removed yet');
        });
    }
  }

  private async clean(volumeId: string, deadline: Deadline): Promise<void> {
    if (this.places.of(volumeId).phase !== 'MOVED' || this.copies.isUnderWay(volumeId)) return;
    await this.leftovers.clean(volumeId, deadline);
  }
}
