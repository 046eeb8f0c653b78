import { hostHeartbeat, hostVmPowerChanged } from '@infinibay/contracts';
import type { DomainLifecycleEvent } from '@infinibay/libvirt';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { InventoryService } from '../inventory/inventory.service.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Deadline } from '../work/deadline.js';
import { KeyedQueue } from '../work/keyed-queue.js';

const AFTER_EVENTS_MS = 50;
const READ_TIMEOUT_MS = 8_000;
const IMAGE_SCAN_MS = 15_000;

/**
 * Tells what libvirt says: the whole list every few seconds and soon after events, and each change of power at once.
 * While libvirt is away nothing is told, for nothing is known.
 */
@Injectable()
export class HostReporter implements OnApplicationBootstrap, OnApplicationShutdown {
  private sequence = 0;
  private stopped = false;
  private running: Promise<void> | undefined;
  private again = false;
  private soon: NodeJS.Timeout | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly queue = new KeyedQueue();

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly inventory: InventoryService,
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    // Here and not at bootstrap: the first event may come as soon as the connection stands.
    hypervisor.on('connected', this.beatSoon);
    hypervisor.on('lifecycle', this.onLifecycle);
  }

  onApplicationBootstrap(): void {
    const scan = (): void =>
      void this.inventory.scanImages().then((changed) => (changed ? this.beatSoon() : undefined));
    this.timers.push(setInterval(this.beatSoon, this.config.HEARTBEAT_INTERVAL_MS), setInterval(scan, IMAGE_SCAN_MS));
    scan();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.hypervisor.off('connected', this.beatSoon);
    this.hypervisor.off('lifecycle', this.onLifecycle);
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.soon);
    await this.running;
  }

  private readonly onLifecycle = (event: DomainLifecycleEvent): void => {
    const vmId = vmIdOfDomain(event);
    if (vmId === undefined) return;
    this.beatSoon();
    // Defining and undefining change no power state; the list tells of them.
    if (event.event === 'defined' || event.event === 'undefined') return;
    void this.queue.run(vmId, () => this.reportPower(vmId));
  };

  private async reportPower(vmId: string): Promise<void> {
    try {
      const vm = await this.domains.observe(vmId, Deadline.after(READ_TIMEOUT_MS));
      if (vm === undefined || this.stopped) return;
      this.publisher.publishForHost(hostVmPowerChanged, this.config.HOST_ID, {
        hostId: this.config.HOST_ID,
        vm,
        sequence: this.next(),
      });
    } catch (error) {
      this.logger.warn({ err: error, vmId }, 'a change of power could not be reported; the heartbeat tells it');
    }
  }

  /** Many events at once are one heartbeat. */
  private readonly beatSoon = (): void => {
    if (this.stopped) return;
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      // One that is being made may have listed too early: another follows it.
      if (this.running !== undefined) this.again = true;
      else this.running = this.beatUntilQuiet();
    }, AFTER_EVENTS_MS);
  };

  private async beatUntilQuiet(): Promise<void> {
    do {
      this.again = false;
      await this.beat();
    } while (this.again && !this.stopped);
    this.running = undefined;
  }

  private async beat(): Promise<void> {
    if (this.stopped) return;
    try {
      const [inventory, vms] = await Promise.all([this.inventory.read(), this.domains.list()]);
      this.publisher.publishForHost(hostHeartbeat, this.config.HOST_ID, { inventory, vms, sequence: this.next() });
    } catch (error) {
      this.logger.warn({ err: error }, 'no heartbeat');
    }
  }

  private next(): number {
    this.sequence += 1;
    return this.sequence;
  }
}
