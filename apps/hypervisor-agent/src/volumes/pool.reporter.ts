import { hostPoolsObserved } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { VolumeService } from './volume.service.js';

const MAX_VOLUMES = 5_000;

/** Tells every few seconds what the pools have room for, and what volumes take up of them. */
@Injectable()
export class PoolReporter implements OnApplicationBootstrap, OnApplicationShutdown {
  private sequence = 0;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly available: Gauge<'pool'>;
  private readonly capacity: Gauge<'pool'>;

  constructor(
    private readonly volumes: VolumeService,
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.available = metrics.gauge('infinibay_pool_available_bytes', 'Bytes that may still be written to a pool', [
      'pool',
    ]);
    this.capacity = metrics.gauge('infinibay_pool_capacity_bytes', 'Bytes of the file system that a pool is on', [
      'pool',
    ]);
  }

  onApplicationBootstrap(): void {
    const begin = (): void => {
      this.running ??= this.report().finally(() => (this.running = undefined));
    };
    this.timer = setInterval(begin, this.config.HEARTBEAT_INTERVAL_MS);
    begin();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async report(): Promise<void> {
    try {
      const [pools, volumes] = await Promise.all([this.volumes.observePools(), this.volumes.allocations(MAX_VOLUMES)]);
      for (const { name, availableBytes, capacityBytes } of pools) {
        this.available.set({ pool: name }, availableBytes);
        this.capacity.set({ pool: name }, capacityBytes);
      }
      this.sequence += 1;
      const { HOST_ID: hostId } = this.config;
      const report = { hostId, pools, volumes, sequence: this.sequence };
      this.publisher.publishForHost(hostPoolsObserved, hostId, report);
    } catch (error) {
      this.logger.warn({ err: error }, 'the storage pools could not be read');
    }
  }
}
