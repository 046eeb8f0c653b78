import { hostUploadsOffered } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';

/** Tells every few seconds where browsers send images to this host, and that it takes none where it does not. */
@Injectable()
export class UploadReporter implements OnApplicationBootstrap, OnApplicationShutdown {
  private sequence = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const { HOST_ID: hostId, UPLOAD_URL: url = null, HEARTBEAT_INTERVAL_MS: intervalMs } = this.config;
    const report = (): void => {
      try {
        this.publisher.publishForHost(hostUploadsOffered, hostId, { hostId, url, sequence: ++this.sequence });
      } catch (error) {
        this.logger.warn({ err: error }, 'where images are uploaded could not be told');
      }
    };
    this.timer = setInterval(report, intervalMs);
    report();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
