import { DISK_PROBLEM_CODES, hostDisksChecked, type DiskProblem } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { DiskCheck, type ProblemOfVm } from './disk-check.js';

const MAX_PROBLEMS = 5_000;

/** Looks at the disks of all VMs every few seconds, running or not, and tells which are not what they must be. */
@Injectable()
export class DiskWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private known = new Map<string, DiskProblem['code']>();
  private sequence = 0;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly problems: Gauge<'code'>;

  constructor(
    private readonly disks: DiskCheck,
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.problems = metrics.gauge('infinibay_disk_problems', 'Disks of VMs that are not what they must be, by code', [
      'code',
    ]);
  }

  onApplicationBootstrap(): void {
    const begin = (): void => {
      this.running ??= this.check().finally(() => (this.running = undefined));
    };
    this.timer = setInterval(begin, this.config.DISK_CHECK_INTERVAL_MS);
    begin();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async check(): Promise<void> {
    try {
      const problems = await this.disks.run();
      this.tell(problems);
      this.sequence += 1;
      const { HOST_ID: hostId } = this.config;
      const report = { hostId, problems: problems.slice(0, MAX_PROBLEMS), sequence: this.sequence };
      this.publisher.publishForHost(hostDisksChecked, hostId, report);
    } catch (error) {
      this.logger.warn({ err: error }, 'the disks could not be checked');
    }
  }

  private tell(problems: readonly ProblemOfVm[]): void {
    const now = new Map(problems.map(({ vmId, code }) => [vmId, code]));
    for (const { vmId, code, message } of problems)
      if (this.known.get(vmId) !== code) this.logger.error({ vmId, code, reason: message }, 'disk problem found');
    for (const vmId of this.known.keys()) if (!now.has(vmId)) this.logger.info({ vmId }, 'disk problem is over');
    for (const code of DISK_PROBLEM_CODES)
      this.problems.set({ code }, [...now.values()].filter((one) => one === code).length);
    this.known = now;
  }
}
