import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { VmMetadataRepository } from './vm-metadata.repository.js';

const BATCH = 500;

/**
 * An instance of an older version may go on for a while beside a newer one, and knows nothing of metadata: text filters do
 * not find the VMs that it makes by their names. They are made up for when an instance starts.
 */
@Injectable()
export class VmMetadataBackfill implements OnApplicationBootstrap {
  constructor(
    private readonly metadata: VmMetadataRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Nothing waits for it, and the next start tries again. */
  onApplicationBootstrap(): void {
    this.run().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'metadata backfill failed; some VMs are not found by text until the next start');
    });
  }

  /** @returns how many VMs had none */
  async run(): Promise<number> {
    let filled = 0;
    for (;;) {
      const missing = await this.metadata.vmsWithout(BATCH);
      if (missing.length === 0) break;
      await this.metadata.fill(missing);
      filled += missing.length;
    }
    if (filled > 0) this.logger.info({ vms: filled }, 'metadata backfill done');
    return filled;
  }
}
