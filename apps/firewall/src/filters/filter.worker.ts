import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { FilterApplicationService } from './filter-application.service.js';
import { FilterVerificationService } from './filter-verification.service.js';
import { VmFilterRepository } from './vm-filter.repository.js';

const ROUND_MS = 500;
const MOST_AT_ONCE = 64;
/** Taken at a time, and what makes a host busy: one that hangs holds less than twice as many places, the others stay free. */
const MOST_PER_HOST = 8;

interface Claimed {
  readonly vmId: string;
  readonly hostId: string;
}

/**
 * Applies filters whose rules changed and looks after those that are applied. Any number of instances share the work;
 * neither a VM whose filter fails nor a host that hangs holds up the others.
 */
@Injectable()
export class FilterWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly running = new Map<Promise<void>, string>();
  private loop: Promise<void> = Promise.resolve();
  private interrupt: () => void = () => undefined;
  private woken = false;
  /** Whether filters may be left that had no place in the last round. */
  private crowded = false;
  private stopped = false;

  constructor(
    private readonly filters: VmFilterRepository,
    private readonly application: FilterApplicationService,
    private readonly verification: FilterVerificationService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.loop;
    await Promise.allSettled([...this.running.keys()]);
  }

  /** Call after a commit that changed what filters should be: they are then applied at once instead of at the next round. */
  wake(): void {
    this.woken = true;
    this.interrupt();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      await this.round();
      if (!this.woken) await this.pause();
    }
  }

  private async round(): Promise<void> {
    try {
      this.crowded = false;
      for (const claimed of this.note(await this.filters.claimDue(this.room(), this.busyHosts()))) {
        this.start(claimed, async () => {
          await this.application.apply(claimed.vmId);
        });
      }
      for (const claimed of this.note(await this.filters.claimToVerify(this.room(), this.busyHosts()))) {
        this.start(claimed, () => this.verification.verify(claimed.vmId));
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'filters could not be looked at');
    }
  }

  private start(claimed: Claimed, work: () => Promise<void>): void {
    const run = runInContext(newServiceContext(), work)
      .catch((error: unknown) => {
        this.logger.warn({ err: error, ...claimed }, 'a packet filter is not as it should be; it is tried again');
      })
      .finally(() => {
        this.running.delete(run);
        if (this.crowded) this.wake();
      });
    this.running.set(run, claimed.hostId);
  }

  private note(claimed: readonly Claimed[]): readonly Claimed[] {
    if (claimed.length >= this.room() || this.busyHosts().length > 0) this.crowded = true;
    return claimed;
  }

  private room(): number {
    return Math.min(MOST_PER_HOST, MOST_AT_ONCE - this.running.size);
  }

  private busyHosts(): string[] {
    const hosts = [...this.running.values()];
    return [...new Set(hosts)].filter((host) => hosts.filter((other) => other === host).length >= MOST_PER_HOST);
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ROUND_MS);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
