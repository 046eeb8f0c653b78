import { verifyFilter } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { FilterApplicationService } from './filter-application.service.js';

/** Named in the log; the rest is only counted. */
const DIFFERENCES_SHOWN = 10;

/** Has hosts compare what they enforce with what they should, because libvirt does not notice when rules change. */
@Injectable()
export class FilterVerificationService {
  private readonly drifted: Counter;
  private readonly repaired: Counter;

  constructor(
    private readonly application: FilterApplicationService,
    private readonly requests: RequestClient,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.drifted = metrics.counter(
      'infinibay_filters_drifted_total',
      'Filters that a host was found not to enforce as they were applied',
    );
    this.repaired = metrics.counter('infinibay_filters_repaired_total', 'Filters that a host had lost and got back');
  }

  /** @throws DomainError when the host does not answer or cannot apply the filter again */
  async verify(vmId: string): Promise<void> {
    const wanted = await this.application.findWanted(vmId);
    // One that is behind is about to be applied anyway.
    if (wanted === null || wanted.filter.appliedRevision !== wanted.revision || wanted.filter.status !== 'APPLIED')
      return;
    const { filter, revision, rules } = wanted;
    const spec = { vmId, revision, rules };
    const found = await this.requests.call(verifyFilter, { spec }, { hostId: filter.hostId });
    if (found.status === 'APPLIED' && filter.bootsProven < filter.bootsTold) await this.application.recordProof(wanted);
    if (found.status !== 'DRIFTED') return;
    if (!(await this.application.recordDrift(wanted, found))) return;
    this.drifted.inc();
    this.logger.warn(
      {
        vmId,
        hostId: filter.hostId,
        differences: found.differences.slice(0, DIFFERENCES_SHOWN),
        differenceCount: found.differenceCount,
      },
      'packet filter drifted; repairing it',
    );
    await this.application.apply(vmId, { repaired: true });
    this.repaired.inc();
  }
}
