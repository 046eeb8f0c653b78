import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Change } from '../database.js';
import { BulkRequestRepository, type BulkRequestKey } from './bulk-request.repository.js';
import { BULK_ENDS, BulkResultRepository, type BulkCounts } from './bulk-result.repository.js';

/** Looks at how far bulk requests have come, and ends those of which every VM has its result. */
@Injectable()
export class BulkProgress {
  private readonly ended: Counter<'kind' | 'result'>;

  constructor(
    private readonly change: Change,
    private readonly requests: BulkRequestRepository,
    private readonly results: BulkResultRepository,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.ended = metrics.counter('infinibay_bulk_results_total', 'VMs of bulk requests that have ended, by result', [
      'kind',
      'result',
    ]);
  }

  async look({ operationId }: BulkRequestKey): Promise<void> {
    const operation = await this.requests.find(operationId);
    if (operation === null) return;
    const { kind, correlationId } = operation;
    await runInContext(newServiceContext(correlationId), async () => {
      const counts = await this.collect(operationId);
      if (counts === null || counts.ended < counts.total) return;
      for (const result of BULK_ENDS) this.ended.inc({ kind, result }, counts[result]);
      this.logger.info({ operationId, kind, ...counts }, 'bulk request ended');
    });
  }

  /** null: another instance has ended it. */
  private collect(operationId: string): Promise<BulkCounts | null> {
    return this.change.run(async (tx) => {
      if (!(await this.requests.lock(tx, operationId))) return { answer: null, events: [] };
      const counts = await this.results.collect(tx, operationId);
      return { answer: counts, events: await this.requests.show(tx, operationId, counts) };
    });
  }
}
