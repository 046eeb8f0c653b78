import { HostNetworkStatus, hostNetworksObserved, type HostRange, type ObservedNetwork } from '@infinibay/contracts';
import { ReportPublisher } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { newId } from '@infinibay/platform-persistence';
import { Inject, Injectable } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';

const MAX_NETWORKS = 2_000;
const MAX_RANGES = 4_096;

/** Tells how the networks of the host stand, and what the host uses itself. */
@Injectable()
export class NetworkReporter {
  ranges: readonly HostRange[] | null = null;
  private readonly observed = new Map<string, ObservedNetwork>();
  private readonly epoch = newId();
  private readonly byStatus: Gauge<'status'>;
  private sequence = 0;

  constructor(
    private readonly publisher: ReportPublisher,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    metrics: MetricsRegistry,
  ) {
    this.byStatus = metrics.gauge('infinibay_host_networks', 'Networks of the host by status', ['status']);
  }

  /** Goes out with the next report. */
  note(network: ObservedNetwork): void {
    this.observed.set(network.networkId, network);
  }

  keepOnly(networkIds: ReadonlySet<string>): void {
    for (const networkId of this.observed.keys()) if (!networkIds.has(networkId)) this.observed.delete(networkId);
  }

  publish(): void {
    this.sequence += 1;
    const networks = [...this.observed.values()];
    for (const status of HostNetworkStatus.options)
      this.byStatus.set({ status }, networks.filter((one) => one.status === status).length);
    this.publisher.publishForHost(hostNetworksObserved, this.config.HOST_ID, {
      hostId: this.config.HOST_ID,
      epoch: this.epoch,
      sequence: this.sequence,
      ranges: this.ranges === null ? null : this.ranges.slice(0, MAX_RANGES),
      networks: networks.slice(0, MAX_NETWORKS),
    });
  }
}
