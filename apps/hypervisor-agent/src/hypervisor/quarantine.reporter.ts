import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { Hypervisor } from './hypervisor.js';

/** Domains that don't answer, as the operator sees them: a log line, a gauge and (by `current`) a health detail. */
@Injectable()
export class QuarantineReporter {
  private readonly quarantined = new Set<string>();
  private readonly gauge: Gauge;

  constructor(hypervisor: Hypervisor, @Inject(LOGGER) logger: Logger, metrics: MetricsRegistry) {
    this.gauge = metrics.gauge(
      'infinibay_quarantined_domains',
      'Domains that do not answer and are called one at a time',
    );
    this.gauge.set(0);
    hypervisor.on('domainQuarantined', ({ uuid }) => {
      this.quarantined.add(uuid);
      this.gauge.set(this.quarantined.size);
      logger.warn({ vmId: uuid }, 'the domain does not answer and is quarantined');
    });
    hypervisor.on('domainReleased', ({ uuid }) => {
      this.quarantined.delete(uuid);
      this.gauge.set(this.quarantined.size);
      logger.info({ vmId: uuid }, 'the quarantine of the domain is lifted');
    });
  }

  /** UUIDs of the domains in quarantine now. */
  get current(): readonly string[] {
    return [...this.quarantined];
  }
}
