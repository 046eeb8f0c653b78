import { DomainError, ensureNetwork, isRetryable } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { hostFailure } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { HostNetworkRepository, type HostNetworkKey, type WantedNetwork } from './host-network.repository.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';
import { SharedCalls } from './shared-calls.js';

/** Shorter than the 20 s that the caller of an attach waits. */
const HOST_TIMEOUT_MS = 15_000;

/** Makes hosts have the networks that they should have. */
@Injectable()
export class HostNetworkService {
  private readonly calls = new SharedCalls();
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly hostNetworks: HostNetworkRepository,
    private readonly removals: NetworkRemovalRepository,
    private readonly requests: RequestClient,
    metrics: MetricsRegistry,
  ) {
    this.outcomes = metrics.counter('infinibay_host_networks_applied_total', 'Networks sent to hosts', ['outcome']);
  }

  /**
   * Sends the network as it is now to the host. Once it resolves, the host has everything that was committed before the call.
   * @throws DomainError HOST_UNAVAILABLE when the host does not answer, or what it answered; a worker then tries again.
   */
  apply(key: HostNetworkKey): Promise<void> {
    return this.calls.run(`${key.networkId}@${key.hostId}`, () => this.applyNow(key));
  }

  private async applyNow(key: HostNetworkKey): Promise<void> {
    const wanted = await this.hostNetworks.findWanted(key);
    if (wanted === null) return;
    try {
      await this.send(key, wanted);
    } catch (error) {
      const failure = hostFailure(error);
      this.outcomes.inc({ outcome: failure.code });
      if (!(await this.hostNetworks.recordFailure(key, failure.code, reasonOf(failure))))
        await this.removals.request(key);
      throw failure;
    }
    this.outcomes.inc({ outcome: 'ok' });
    if (!(await this.hostNetworks.recordApplied(key, wanted.revision))) await this.removals.request(key);
  }

  private async send(key: HostNetworkKey, wanted: WantedNetwork): Promise<void> {
    await this.requests.call(ensureNetwork, wanted, { hostId: key.hostId, timeoutMs: HOST_TIMEOUT_MS });
  }
}

/** What a person has to change before it can succeed; null for what passes by itself. */
const reasonOf = (failure: DomainError): string | null => {
  if (isRetryable(failure)) return null;
  const { reason, reserved } = failure.details;
  const detail = [reason, reserved].find((one) => typeof one === 'string');
  return (detail === undefined ? failure.message : `${failure.message}: ${detail}`).slice(0, 300);
};
