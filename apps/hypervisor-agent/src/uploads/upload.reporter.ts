import { hostImageCopiesOffered, hostUploadsOffered } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AGENT_CONFIG, imageCopyUrlOf, type AgentConfig } from '../config.js';

/**
 * Tells every few seconds where browsers send images to this host, and where other hosts read those that it has; and that it
 * takes or sends none where it does not. Copies of theirs it takes in any case.
 */
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
    const copyUrl = imageCopyUrlOf(this.config) ?? null;
    const report = (): void => {
      try {
        const sequence = ++this.sequence;
        this.publisher.publishForHost(hostUploadsOffered, hostId, { hostId, url, sequence });
        this.publisher.publishForHost(hostImageCopiesOffered, hostId, { hostId, url: copyUrl, sequence });
      } catch (error) {
        this.logger.warn({ err: error }, 'where images are uploaded, and copied from, could not be told');
      }
    };
    this.timer = setInterval(report, intervalMs);
    report();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }
}
