import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';

const MAX_AT_ONCE = 64;
/** Taken at a time, and what makes a host busy: one that hangs holds less than twice as many places, the others stay free. */
const MAX_PER_HOST = 8;

/** Places for work on hosts: bounded in all and for each host, so that a host that hangs holds up no other. */
export class HostSlots<Key extends { readonly hostId: string }> {
  private readonly running = new Map<Promise<void>, string>();

  /**
   * @param onRoom called when a place becomes free
   * @param failure log line for work that fails; its row brings it back
   */
  constructor(
    private readonly logger: Logger,
    private readonly failure: string,
    private readonly onRoom: () => void,
  ) {}

  /** How many rows may be taken now. */
  room(): number {
    return Math.min(MAX_PER_HOST, MAX_AT_ONCE - this.running.size);
  }

  /** Hosts of which nothing may be taken now. */
  busyHosts(): string[] {
    const hosts = [...this.running.values()];
    return [...new Set(hosts)].filter((host) => hosts.filter((other) => other === host).length >= MAX_PER_HOST);
  }

  start(key: Key, work: () => Promise<unknown>): void {
    const run = runInContext(newServiceContext(), async () => {
      await work();
    })
      .catch((error: unknown) => {
        const details: Record<string, unknown> = { err: error, ...key };
        this.logger.warn(details, this.failure);
      })
      .finally(() => {
        const wasFull = this.room() === 0 || this.busyHosts().length > 0;
        this.running.delete(run);
        if (wasFull) this.onRoom();
      });
    this.running.set(run, key.hostId);
  }

  /** Resolves when all that was started has ended. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.running.keys()]);
  }
}
