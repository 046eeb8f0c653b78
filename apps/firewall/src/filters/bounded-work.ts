import { DomainError } from '@infinibay/contracts';

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
}

/** Work by key: so many of a key at once, so many more in turn behind them, and the rest refused. */
export class BoundedWork {
  private readonly lanes = new Map<string, Lane>();

  constructor(
    private readonly atOnce: number,
    private readonly mostWaiting: number,
  ) {}

  /** @throws DomainError RATE_LIMITED */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const lane = this.lanes.get(key) ?? { running: 0, waiting: [] };
    this.lanes.set(key, lane);
    if (lane.running < this.atOnce) lane.running += 1;
    else if (lane.waiting.length < this.mostWaiting) await new Promise<void>((resolve) => lane.waiting.push(resolve));
    else throw new DomainError('RATE_LIMITED', { limit: this.mostWaiting });
    try {
      return await work();
    } finally {
      this.release(key, lane);
    }
  }

  /** The place goes to the next in turn as it is, so nobody can take it in between. */
  private release(key: string, lane: Lane): void {
    const next = lane.waiting.shift();
    if (next !== undefined) return next();
    lane.running -= 1;
    if (lane.running === 0) this.lanes.delete(key);
  }
}
