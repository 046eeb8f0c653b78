import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { Dispatcher, type DueWork } from './dispatcher.js';
import type { AnyDueRows, TakenWork } from './due-rows.js';
import { DEFAULT_LIMITS, WorkSlots, type SlotLimits } from './work-slots.js';

/**
 * The one engine for durable work: takes due rows, works on them side by side within the limits, and sleeps until the
 * next is due or somebody wakes it. Any number of instances share the work through the database, and what a dead one
 * had taken becomes due again. A service derives a class from it that declares its rows; Nest starts and stops it.
 */
export abstract class Worker implements DueWork, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly dispatcher: Dispatcher;
  private readonly slots: WorkSlots;
  private readonly durations: Histogram<'work' | 'outcome'>;
  private readonly running: Gauge<'work'>;

  /**
   * @param name of all its rows together, label of the dispatcher's metrics
   * @param rows kinds of rows; what is due of the first is taken first
   */
  protected constructor(
    readonly name: string,
    private readonly rows: readonly AnyDueRows[],
    private readonly logger: Logger,
    metrics: MetricsRegistry,
    limits: SlotLimits = DEFAULT_LIMITS,
  ) {
    this.slots = new WorkSlots(limits);
    this.dispatcher = new Dispatcher(this, logger, metrics);
    this.durations = metrics.histogram('infinibay_work_seconds', 'Time that a row was worked on at a stretch', [
      'work',
      'outcome',
    ]);
    this.running = metrics.gauge('infinibay_work_running', 'Rows that this instance works on now', ['work']);
  }

  onApplicationBootstrap(): void {
    this.dispatcher.start();
  }

  /** Takes nothing more, and waits for what was taken. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.dispatcher.stop();
    await this.slots.settle();
  }

  /** Call after a commit that made a row due: it is then taken at once. */
  wake(): void {
    this.dispatcher.wake();
  }

  async nextDueInMs(): Promise<number | null> {
    const due = await Promise.all(this.rows.map((rows) => rows.nextDueInMs()));
    const times = due.filter((ms) => ms !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  async take(): Promise<number> {
    let taken = 0;
    for (const rows of this.rows) {
      const room = this.slots.room();
      if (room === 0) break;
      const claimed = await rows.claim(room, this.slots.busyHosts());
      for (const taking of claimed) this.start(rows, taking);
      taken += claimed.length;
    }
    return taken;
  }

  private start({ name: work, failure, isSoonDueAgain }: AnyDueRows, { row, run }: TakenWork): void {
    const stop = this.durations.startTimer({ work });
    this.running.inc({ work });
    const done = runInContext(newServiceContext(), async () => {
      try {
        await run();
        stop({ outcome: 'ok' });
      } catch (error) {
        stop({ outcome: 'failed' });
        this.logger.warn({ err: error, work, ...row }, failure);
      } finally {
        this.running.dec({ work });
      }
    });
    this.slots.hold(row.hostId, done, (wasFull) => {
      if (wasFull || isSoonDueAgain) this.wake();
    });
  }
}
