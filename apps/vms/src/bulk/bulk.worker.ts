import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { BulkAcceptance } from './bulk.acceptance.js';
import { BulkProgress } from './bulk.progress.js';
import { BulkRequestRepository } from './bulk-request.repository.js';
import { BulkResultRepository } from './bulk-result.repository.js';

/** Each is a short transaction: a few at once are quick, and leave connections to who waits for an answer. */
const LIMITS = { atOnce: 8, perHost: 4 } as const;

/** Asks the VMs of bulk requests, and looks what becomes of them. What is accepted is the reconciler's to do. */
@Injectable()
export class BulkWorker extends Worker {
  constructor(
    requests: BulkRequestRepository,
    results: BulkResultRepository,
    acceptance: BulkAcceptance,
    progress: BulkProgress,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const toLookAt = dueRows({
      name: 'bulk-requests',
      source: requests.due,
      work: (request) => progress.look(request),
      failure: 'the progress of a bulk request could not be recorded; retry follows',
    });
    const toAsk = dueRows({
      name: 'bulk-results',
      source: results.due,
      work: (result) => acceptance.work(result),
      failure: 'a VM of a bulk request could not be asked; retry follows',
    });
    super('bulk', [toLookAt, toAsk], logger, metrics, LIMITS);
  }
}
