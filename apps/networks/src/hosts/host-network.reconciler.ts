import { LOGGER } from '@infinibay/platform-service';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HostNetworkRepository, type HostNetworkKey } from './host-network.repository.js';
import { HostNetworkService } from './host-network.service.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';
import { NetworkRemovalService } from './network-removal.service.js';

const ROUND_MS = 500;
const MOST_AT_ONCE = 64;

/**
 * Brings hosts to what the tables say: hosts that were away, changes whose instance died, networks that a host lost,
 * and networks that are to go. Any number of instances share the work; a host that hangs holds up no other.
 */
@Injectable()
export class HostNetworkReconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly hostNetworks: HostNetworkRepository,
    private readonly service: HostNetworkService,
    private readonly removals: NetworkRemovalRepository,
    private readonly removalService: NetworkRemovalService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.next();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
    await Promise.allSettled([...this.running]);
  }

  private next(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.round = this.runRound().finally(() => {
        this.next();
      });
    }, ROUND_MS);
  }

  private async runRound(): Promise<void> {
    const room = MOST_AT_ONCE - this.running.size;
    if (room <= 0) return;
    try {
      // Removals first: their ranges may be waited for.
      for (const key of await this.removals.claimDue(room)) this.start(key, () => this.removalService.remove(key));
      for (const key of await this.hostNetworks.claimDue(room)) this.start(key, () => this.service.apply(key));
    } catch (error) {
      this.logger.warn({ err: error }, 'networks of hosts could not be looked at');
    }
  }

  private start(key: HostNetworkKey, work: () => Promise<void>): void {
    const run = runInContext(newServiceContext(), work)
      .catch((error: unknown) => {
        this.logger.warn({ err: error, ...key }, 'a host is behind with a network; it is tried again');
      })
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }
}
