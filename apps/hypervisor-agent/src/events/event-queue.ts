import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 500;

export interface EventQueueOptions<T> {
  /** Events that may wait; one more makes the oldest go. */
  readonly capacity: number;
  /** Rejects when the event must be sent again. */
  readonly send: (event: T) => Promise<void>;
  readonly onSent: () => void;
  readonly onDropped: (event: T) => void;
  readonly onFailed: (error: unknown) => void;
  readonly retryMs?: number;
}

/** Sends events one after the other in their order, each until it is through. Bounded: the oldest that waits is dropped. */
export class EventQueue<T> {
  private readonly events: T[] = [];
  private readonly stopping = new AbortController();
  private sending: Promise<void> | undefined;

  constructor(private readonly options: EventQueueOptions<T>) {}

  /** Those that wait, without the one that is being sent. */
  get waiting(): number {
    return this.events.length;
  }

  add(event: T): void {
    if (this.events.length >= this.options.capacity) {
      const [oldest] = this.events.splice(0, 1);
      if (oldest !== undefined) this.options.onDropped(oldest);
    }
    this.events.push(event);
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
  }

  /** Waits for what is there to be sent, and gives up after a while. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.stopping.abort(), graceMs);
    await this.sending;
    clearTimeout(timer);
    this.stopping.abort();
  }

  private async sendAll(): Promise<void> {
    const { signal } = this.stopping;
    for (let event = this.events.shift(); event !== undefined && !signal.aborted; event = this.events.shift()) {
      await this.sendUntilThrough(event);
    }
  }

  private async sendUntilThrough(event: T): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.options.send(event);
        this.options.onSent();
        return;
      } catch (error) {
        this.options.onFailed(error);
        await delay(this.options.retryMs ?? RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
