import { inspectFilter } from '@infinibay/contracts';
import { missingFromKernel } from '@infinibay/firewall-domain';
import { RequestClient } from '@infinibay/platform-messaging';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { FilterApplicationService } from './filter-application.service.js';

/** Lines of the log that name what is missing; the rest is only counted. */
const MISSING_SHOWN = 10;

/** Compares what the kernel enforces with what it should, because libvirt does not notice when rules are flushed. */
@Injectable()
export class FilterVerificationService {
  private readonly repaired: Counter;

  constructor(
    private readonly application: FilterApplicationService,
    private readonly requests: RequestClient,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.repaired = metrics.counter('infinibay_filters_repaired_total', 'Filters that a host had lost and got back');
  }

  /** @throws DomainError when the host does not answer or cannot apply the filter again */
  async verify(vmId: string): Promise<void> {
    const wanted = await this.application.findWanted(vmId);
    // One that is behind is about to be applied anyway.
    if (wanted === null || wanted.filter.appliedRevision !== wanted.revision || wanted.filter.status !== 'APPLIED')
      return;
    const { status, interfaces } = await this.requests.call(inspectFilter, { vmId }, { hostId: wanted.filter.hostId });
    if (status === 'UNSUPPORTED') return;
    const missing =
      status === 'APPLIED'
        ? missingFromKernel(wanted.rules, interfaces)
        : [`the host says that its filter is ${status}`];
    if (missing.length === 0) return;
    const { hostId } = wanted.filter;
    this.logger.warn(
      { vmId, hostId, missing: missing.slice(0, MISSING_SHOWN), missingCount: missing.length },
      'a host lost packet filter rules; applying them again',
    );
    await this.application.apply(vmId, { repaired: true });
    this.repaired.inc();
  }
}
