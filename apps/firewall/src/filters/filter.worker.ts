import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { FilterApplicationService } from './filter-application.service.js';
import { FilterVerificationService } from './filter-verification.service.js';
import { VmFilterRepository } from './vm-filter.repository.js';

/** Applies filters whose rules changed, and compares those that are applied with what the kernel does. */
@Injectable()
export class FilterWorker extends Worker {
  constructor(
    filters: VmFilterRepository,
    application: FilterApplicationService,
    verification: FilterVerificationService,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const toApply = dueRows({
      name: 'filters',
      source: filters.toApply,
      work: ({ vmId }) => application.apply(vmId),
      failure: 'a packet filter could not be applied; retry follows',
    });
    const toVerify = dueRows({
      name: 'filter-proofs',
      source: filters.toVerify,
      work: ({ vmId }) => verification.verify(vmId),
      failure: 'a packet filter could not be compared with the kernel; retry follows',
    });
    super('filters', [toApply, toVerify], logger, metrics);
  }
}
