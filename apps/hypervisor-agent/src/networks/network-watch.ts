import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostRanges, type HostSide } from './host-ranges.service.js';
import { NetworkCheck, isMendable, observed } from './network-check.service.js';
import { NetworkReporter } from './network.reporter.js';
import { NetworkService, type DesiredNetwork } from './network.service.js';

const CHECKED_AT_ONCE = 4;
/** A repair that failed is tried again after so many rounds, doubling. */
const LONGEST_PAUSE_ROUNDS = 32;

/** Compares every network of the host with what it should be, again and again, mends what differs, and tells. */
@Injectable()
export class NetworkWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pauses = new Map<string, { rounds: number; left: number }>();
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();

  constructor(
    private readonly networks: NetworkService,
    private readonly check: NetworkCheck,
    private readonly hostRanges: HostRanges,
    private readonly reporter: NetworkReporter,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.next(0);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private next(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.round = this.runRound().finally(() => {
        this.next(this.config.NETWORK_CHECK_INTERVAL_MS);
      });
    }, delayMs);
  }

  private async runRound(): Promise<void> {
    try {
      const host = await this.hostRanges.side(this.networks.bridges());
      this.reporter.ranges = host.ranges;
      const queue = [...this.networks.desired()];
      const worker = async (): Promise<void> => {
        for (let one = queue.shift(); one !== undefined && !this.stopped; one = queue.shift())
          await this.look(one.spec.networkId, host);
      };
      await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, worker));
      this.forgetRemoved();
    } catch (error) {
      this.logger.warn({ err: error }, 'networks of the host could not be compared');
      return;
    }
    this.reporter.publish();
  }

  private async look(networkId: string, host: HostSide): Promise<void> {
    try {
      await this.networks.inTurn(networkId, (desired) =>
        desired === undefined || this.stopped ? Promise.resolve() : this.compare(desired, host),
      );
    } catch (error) {
      this.logger.warn({ err: error, networkId }, 'a network could not be compared with the host');
    }
  }

  private async compare(desired: DesiredNetwork, host: HostSide): Promise<void> {
    const { networkId } = desired.spec;
    const differences = await this.check.differences(desired, host);
    if (differences.length === 0) this.pauses.delete(networkId);
    if (!isMendable(differences)) {
      this.reporter.note(observed(desired, differences, differences[0]?.detail ?? null));
      return;
    }
    if (this.isPaused(networkId)) return;
    // Told before it is mended: a drift that lasts a second happened all the same.
    this.reporter.note(observed(desired, differences, null));
    this.reporter.publish();
    const after = await this.check.repair(desired, differences, host);
    this.reporter.note(after);
    if (after.status === 'ACTIVE') this.pauses.delete(networkId);
    else this.pause(networkId);
    this.reporter.publish();
  }

  private isPaused(networkId: string): boolean {
    const pause = this.pauses.get(networkId);
    if (pause === undefined || pause.left === 0) return false;
    pause.left -= 1;
    return true;
  }

  private pause(networkId: string): void {
    const rounds = Math.min(LONGEST_PAUSE_ROUNDS, (this.pauses.get(networkId)?.rounds ?? 0) * 2 || 1);
    this.pauses.set(networkId, { rounds, left: rounds - 1 });
  }

  private forgetRemoved(): void {
    const known = new Set(this.networks.desired().map(({ spec }) => spec.networkId));
    this.reporter.keepOnly(known);
    for (const networkId of this.pauses.keys()) if (!known.has(networkId)) this.pauses.delete(networkId);
  }
}
