import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { PurgeRepository } from './purge.repository.js';
import { PurgeService } from './purge.service.js';

/** Each is a short transaction; the doing is the reconciler's. */
const LIMITS = { atOnce: 4, perHost: 2 } as const;

@Injectable()
export class PurgeWorker extends Worker {
  constructor(
    purges: PurgeRepository,
    service: PurgeService,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const vms = dueRows({
      name: 'purges',
      source: purges.due,
      work: ({ vmId }) => service.purge(vmId),
      failure: 'a VM whose time is over could not be deleted; retry follows',
    });
    super('purges', [vms], logger, metrics, LIMITS);
  }
}
