import { LOGGER } from '@infinibay/platform-service';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HostNetworkRepository, type HostNetworkKey } from './host-network.repository.js';
import { HostNetworkService } from './host-network.service.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';
import { NetworkRemovalService } from './network-removal.service.js';

const ROUND_MS = 500;
const MOST_AT_ONCE = 64;
/** Taken at a time, and what makes a host busy: one that hangs holds less than twice as many places, the others stay free. */
const MOST_PER_HOST = 8;

/**
 * Brings hosts to what the tables say: hosts that were away, changes whose instance died, networks that a host lost,
 * and networks that are to go. Any number of instances share the work; a host that hangs holds up no other.
 */
@Injectable()
export class HostNetworkReconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running = new Map<Promise<void>, string>();
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
    this.next(ROUND_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
    await Promise.allSettled([...this.running.keys()]);
  }

  private next(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.round = this.runRound().then((isFull) => {
        this.next(isFull ? 0 : ROUND_MS);
      });
    }, delayMs);
  }

  /** @returns whether more may wait than there was room for. */
  private async runRound(): Promise<boolean> {
    try {
      // Removals first: their ranges may be waited for.
      const removals = await this.removals.claimDue(this.room(), this.busyHosts());
      for (const key of removals) this.start(key, () => this.removalService.remove(key));
      const due = await this.hostNetworks.claimDue(this.room(), this.busyHosts());
      for (const key of due) this.start(key, () => this.service.apply(key));
      return removals.length + due.length >= MOST_PER_HOST;
    } catch (error) {
      this.logger.warn({ err: error }, 'networks of hosts could not be looked at');
      return false;
    }
  }

  private room(): number {
    return Math.min(MOST_PER_HOST, MOST_AT_ONCE - this.running.size);
  }

  private busyHosts(): string[] {
    const hosts = [...this.running.values()];
    return [...new Set(hosts)].filter((host) => hosts.filter((other) => other === host).length >= MOST_PER_HOST);
  }

  private start(key: HostNetworkKey, work: () => Promise<void>): void {
    const run = runInContext(newServiceContext(), work)
      .catch((error: unknown) => {
        this.logger.warn({ err: error, ...key }, 'a host is behind with a network; it is tried again');
      })
      .finally(() => this.running.delete(run));
    this.running.set(run, key.hostId);
  }
}
