import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { Counter } from 'prom-client';

/** What one loop looks after. Due times are the database's, never ours. */
export interface DueWork {
  /** Label of metrics and log lines. */
  readonly name: string;
  /** A read: milliseconds until the next row is due, 0 or less when one is, null when none will be. */
  nextDueInMs(): Promise<number | null>;
  /** Claims due rows and starts their work without waiting for it. @returns how many; 0 when there is no room, or others were faster */
  take(): Promise<number>;
}

/** The longest time for which rows that another instance left go unseen. */
export const BACKSTOP_MS = 2_000;

/**
 * One loop for one kind of work in an instance. It asks the database when the next row is due and sleeps until then, or
 * until wake(), and writes nothing while nothing is due.
 */
export class Dispatcher {
  private running: Promise<void> = Promise.resolve();
  private interrupt: () => void = () => undefined;
  private woken = false;
  private stopped = false;
  private readonly looks: Counter<'work'>;
  private readonly taken: Counter<'work'>;
  private readonly failures: Counter<'work'>;

  constructor(
    private readonly work: DueWork,
    private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.looks = metrics.counter('infinibay_work_looks_total', 'Times that the database was asked for due work', [
      'work',
    ]);
    this.taken = metrics.counter('infinibay_work_taken_total', 'Rows of due work that this instance took', ['work']);
    this.failures = metrics.counter(
      'infinibay_work_failures_total',
      'Times that due work could not be asked for or taken',
      ['work'],
    );
  }

  start(): void {
    this.running = this.loop();
  }

  /** Something became due, or room for work: the database is asked at once. Call it after the commit. */
  wake(): void {
    this.woken = true;
    this.interrupt();
  }

  /** Takes nothing more. What was taken goes on. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.interrupt();
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      const pauseMs = await this.round();
      if (pauseMs > 0 && !this.isInterrupted()) await this.pause(pauseMs);
    }
  }

  private isInterrupted(): boolean {
    return this.woken || this.stopped;
  }

  /** @returns how long to sleep */
  private async round(): Promise<number> {
    const { name: work } = this.work;
    try {
      this.looks.inc({ work });
      const dueInMs = await this.work.nextDueInMs();
      if (dueInMs === null || dueInMs > 0) return Math.min(BACKSTOP_MS, Math.max(1, Math.ceil(dueInMs ?? BACKSTOP_MS)));
      const count = await this.work.take();
      this.taken.inc({ work }, count);
      // Nothing taken although something is due: no room (whoever gives it back wakes us), or others have it.
      return count > 0 ? 0 : BACKSTOP_MS;
    } catch (error) {
      this.failures.inc({ work });
      this.logger.warn({ err: error, work }, 'due work could not be taken; retry follows');
      return BACKSTOP_MS;
    }
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
