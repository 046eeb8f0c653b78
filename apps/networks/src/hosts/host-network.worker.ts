import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { HostNetworkRepository } from './host-network.repository.js';
import { HostNetworkService } from './host-network.service.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';
import { NetworkRemovalService } from './network-removal.service.js';

/**
 * Brings hosts to what the tables say: hosts that were away, changes whose instance died, networks that a host lost,
 * and networks that are to go.
 */
@Injectable()
export class HostNetworkWorker extends Worker {
  constructor(
    hostNetworks: HostNetworkRepository,
    networks: HostNetworkService,
    removals: NetworkRemovalRepository,
    removal: NetworkRemovalService,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const toRemove = dueRows({
      name: 'network-removals',
      source: removals.due,
      work: (key) => removal.remove(key),
      failure: 'a host still has a deleted network; retry follows',
    });
    const toApply = dueRows({
      name: 'host-networks',
      source: hostNetworks.due,
      work: (key) => networks.apply(key),
      failure: 'a host is behind with a network; retry follows',
    });
    // Removals first: their ranges may be waited for.
    super('networks', [toRemove, toApply], logger, metrics);
  }
}
