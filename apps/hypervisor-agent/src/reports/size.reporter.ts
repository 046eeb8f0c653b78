import { DomainError, MAX_VMS_OF_LINKS, hostPortLinksObserved, hostVmsMeasured } from '@infinibay/contracts';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Histogram } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { Deadline } from '../work/deadline.js';

/** A guest moves its balloon as often as it likes: what is told of one VM within that time is looked at once. */
const AFTER_EVENTS_MS = 1_000;
const READ_TIMEOUT_MS = 8_000;
const AT_ONCE = 2;

/** What one look told of a VM. */
type Measured = Awaited<ReturnType<DomainRepository['measure']>> & { readonly vmId: string };

/**
 * Tells how large the VMs are, and which of their cards have a link: soon after libvirt tells of a change, and all of them
 * in turn, for libvirt tells nothing of most changes. It compares with nothing and changes nothing.
 */
@Injectable()
export class SizeReporter implements OnApplicationBootstrap, OnApplicationShutdown {
  private sequence = 0;
  private stopped = false;
  private readonly rounds: Histogram<'outcome'>;
  private readonly changed = new Set<string>();
  private soon: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.rounds = metrics.histogram(
      'infinibay_size_check_seconds',
      'Time of a look at how large all VMs of the host are, by what came of it',
      ['outcome'],
    );
    // Here and not at bootstrap: the first event may come as soon as the connection stands.
    hypervisor.on('lifecycle', this.onChange);
    hypervisor.on('balloonChange', this.onChange);
  }

  onApplicationBootstrap(): void {
    this.nextRound();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.hypervisor.off('lifecycle', this.onChange);
    this.hypervisor.off('balloonChange', this.onChange);
    clearTimeout(this.timer);
    clearTimeout(this.soon);
    await this.running;
  }

  private readonly onChange = (event: { readonly uuid: string; readonly name: string }): void => {
    const vmId = vmIdOfDomain(event);
    if (vmId === undefined || this.stopped) return;
    this.changed.add(vmId);
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      const vmIds = [...this.changed];
      this.changed.clear();
      void this.inTurn(() => this.measure(vmIds));
    }, AFTER_EVENTS_MS);
  };

  private nextRound(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.inTurn(() => this.round()).finally(() => this.nextRound());
    }, this.config.SIZE_CHECK_INTERVAL_MS);
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.running = this.running.then(work).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'the sizes of VMs could not be read');
    });
    return this.running;
  }

  private async round(): Promise<void> {
    const stop = this.rounds.startTimer();
    try {
      await this.measure((await this.domains.list()).map(({ vmId }) => vmId));
      stop({ outcome: 'ok' });
    } catch (error) {
      stop({ outcome: 'failed' });
      throw error;
    }
  }

  private async measure(vmIds: readonly string[]): Promise<void> {
    const queue = [...vmIds];
    let measured: Measured[] = [];
    const worker = async (): Promise<void> => {
      for (let vmId = queue.shift(); vmId !== undefined && !this.stopped; vmId = queue.shift()) {
        const found = await this.look(vmId);
        if (found === undefined) continue;
        measured.push(found);
        if (measured.length < MAX_VMS_OF_LINKS) continue;
        this.publish(measured);
        measured = [];
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    this.publish(measured);
  }

  /** Of one that can't be read the others are told all the same. */
  private async look(vmId: string): Promise<Measured | undefined> {
    try {
      return { vmId, ...(await this.domains.measure(vmId, Deadline.after(READ_TIMEOUT_MS))) };
    } catch (error) {
      if (error instanceof DomainError && error.code === 'HOST_UNAVAILABLE') throw error;
      this.logger.warn({ err: error, vmId }, 'the size of a VM could not be read');
      return undefined;
    }
  }

  private publish(measured: readonly Measured[]): void {
    if (measured.length === 0 || this.stopped) return;
    this.sequence += 1;
    const { HOST_ID: hostId } = this.config;
    const told = { hostId, sequence: this.sequence };
    const bySize = measured.map(({ vmId, sizes }) => ({ vmId, ...sizes }));
    this.publisher.publishForHost(hostVmsMeasured, hostId, { ...told, vms: bySize });
    const byLink = measured.map(({ vmId, links }) => ({ vmId, ...links }));
    this.publisher.publishForHost(hostPortLinksObserved, hostId, { ...told, vms: byLink });
  }
}
