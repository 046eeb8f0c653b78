import type { NatsConnection } from '@nats-io/transport-node';

/** The connection ended while an answer was awaited, or did not come back in time for the request. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost';
}

/**
 * Whether the connection stands. The client library drops what is sent while it does not, and never hears the answers to
 * what was sent before it fell: a caller would wait for them until its deadline.
 */
export class Link {
  private isUp = true;
  /** Told when the connection falls. */
  private readonly exchanges = new Set<() => void>();
  /** Told when it is back. */
  private readonly waiting = new Set<() => void>();

  constructor(connection: Pick<NatsConnection, 'status'>) {
    void this.follow(connection);
  }

  /**
   * @param timeoutMs how long may be waited for a connection that is away
   * @returns how much of that is left
   * @throws LinkLost
   */
  async up(timeoutMs: number): Promise<number> {
    if (this.isUp) return timeoutMs;
    const since = performance.now();
    await new Promise<void>((resolve, reject) => {
      const back = (): void => {
        clearTimeout(timer);
        this.waiting.delete(back);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(back);
        reject(new LinkLost('the connection is away'));
      }, timeoutMs);
      this.waiting.add(back);
    });
    return Math.max(1, timeoutMs - (performance.now() - since));
  }

  /**
   * @param exchange given a signal that is aborted when the connection falls
   * @returns the answer of the exchange
   * @throws LinkLost as soon as the answer can't come any more, and what the exchange throws
   */
  carry<T>(exchange: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const controller = new AbortController();
      const fall = (): void => {
        const lost = new LinkLost('the connection fell while the answer was awaited');
        reject(lost);
        controller.abort(lost);
      };
      this.exchanges.add(fall);
      void exchange(controller.signal)
        .then(resolve, reject)
        .finally(() => this.exchanges.delete(fall));
    });
  }

  private async follow(connection: Pick<NatsConnection, 'status'>): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') {
        this.isUp = false;
        for (const fall of [...this.exchanges]) fall();
      } else if (type === 'reconnect') {
        this.isUp = true;
        for (const back of [...this.waiting]) back();
      }
    }
  }
}
