import { hostHardwareObserved, hostTuningObserved } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HardwareReader } from '../host/hardware.reader.js';
import { TuningReader } from '../host/tuning.reader.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';

/** Heartbeats to one report: whoever hears of the host for the first time keeps what comes after that. */
const HEARTBEATS = 2;

/**
 * Tells what VMs here can be made of, and which memory and CPUs they can have: as soon as libvirt is there, and again and
 * again, for a report may be lost, and huge pages come and go.
 */
@Injectable()
export class HardwareReporter implements OnApplicationBootstrap, OnApplicationShutdown {
  private sequence = 0;
  private stopped = false;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly hardware: HardwareReader,
    private readonly tuning: TuningReader,
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    // Here and not at bootstrap: the first connection may stand before that.
    hypervisor.on('connected', this.begin);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(this.begin, HEARTBEATS * this.config.HEARTBEAT_INTERVAL_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.hypervisor.off('connected', this.begin);
    clearInterval(this.timer);
    await this.running;
  }

  private readonly begin = (): void => {
    if (this.stopped) return;
    this.running ??= this.report().finally(() => (this.running = undefined));
  };

  private async report(): Promise<void> {
    const { HOST_ID: hostId } = this.config;
    await this.attempt('what VMs can be made of', async () => {
      const hardware = await this.hardware.read();
      return (sequence) => this.publisher.publishForHost(hostHardwareObserved, hostId, { hostId, hardware, sequence });
    });
    await this.attempt('which memory and CPUs VMs can have', async () => {
      const tuning = await this.tuning.read();
      return (sequence) => this.publisher.publishForHost(hostTuningObserved, hostId, { hostId, tuning, sequence });
    });
  }

  /** One that can not be read keeps the other from nobody. */
  private async attempt(what: string, read: () => Promise<(sequence: number) => void>): Promise<void> {
    try {
      const tell = await read();
      if (this.stopped) return;
      this.sequence += 1;
      tell(this.sequence);
    } catch (error) {
      this.logger.warn({ err: error }, `${what} could not be read`);
    }
  }
}
