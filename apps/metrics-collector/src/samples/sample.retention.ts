import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { CONFIG, type CollectorConfig } from '../config.js';
import { SampleRepository } from './sample.repository.js';

const EVERY_MS = 600_000;

/** Deletes samples that are older than the retention, a batch at a time so that writers are never held up for long. */
@Injectable()
export class SampleRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: CollectorConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly samples: SampleRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.prune();
    }, EVERY_MS);
    this.running = this.prune();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private async prune(): Promise<void> {
    try {
      let total = 0;
      for (let more = true; more && !this.stopped;) {
        const batch = await this.samples.deleteOlderThan(this.config.METRICS_RETENTION_HOURS);
        total += batch.deleted;
        more = batch.more;
      }
      await this.samples.pruneForgotten(this.config.METRICS_RETENTION_HOURS);
      if (total > 0) this.logger.info({ samples: total }, 'old samples deleted');
    } catch (error) {
      this.logger.warn({ err: error }, 'old samples could not be deleted; retry follows');
    }
  }
}
