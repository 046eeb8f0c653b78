import { Inject, Injectable, type OnApplicationBootstrap, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { CollectorMetrics } from '../metrics/collector-metrics.js';
import { SampleQueue } from './sample-queue.js';
import type { SampleRow } from './sample-row.js';
import { SampleRepository } from './sample.repository.js';

const FLUSH_MS = 250;
const BATCH_ROWS = 500;
const RETRY_MS = 1_000;
const LAST_FLUSH_MS = 4_000;
const QUEUE_LIMITS = { rows: 20_000, bytes: 33_554_432 };

/**
 * Writes samples to PostgreSQL in batches, every 250 ms or 500 rows. While PostgreSQL is away they wait in bounded
 * memory; when that is full, the oldest are dropped and counted.
 */
@Injectable()
export class SampleWriter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly queue = new SampleQueue(QUEUE_LIMITS);
  private running: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private stopped = false;

  constructor(
    private readonly repository: SampleRepository,
    private readonly metrics: CollectorMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.loop();
  }

  /** What waits is written if PostgreSQL takes it in time. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
    const until = Date.now() + LAST_FLUSH_MS;
    while (this.queue.length > 0 && Date.now() < until && (await this.flush()));
    if (this.queue.length > 0)
      this.logger.warn({ samples: this.queue.length }, 'samples were lost: PostgreSQL did not take them');
  }

  add(row: SampleRow): void {
    const dropped = this.queue.push(row);
    if (dropped > 0) this.metrics.sampleDropped('queue_full', dropped);
    if (this.queue.length >= BATCH_ROWS) this.wake();
  }

  private async loop(): Promise<void> {
    let delayMs = FLUSH_MS;
    while (!this.stopped) {
      if (this.queue.length < BATCH_ROWS || delayMs !== FLUSH_MS) await this.pause(delayMs);
      delayMs = this.queue.length === 0 || (await this.flush()) ? FLUSH_MS : RETRY_MS;
      this.metrics.samplesWaiting.set(this.queue.length);
    }
  }

  private async flush(): Promise<boolean> {
    const rows = this.queue.take(BATCH_ROWS);
    const stop = this.metrics.writes.startTimer();
    try {
      await this.write(rows);
      stop({ outcome: 'ok' });
      return true;
    } catch (error) {
      stop({ outcome: 'failed' });
      this.metrics.sampleDropped('queue_full', this.queue.putBack(rows));
      this.logger.warn({ err: error, waiting: this.queue.length }, 'samples wait: PostgreSQL did not take them');
      return false;
    }
  }

  /** A row that PostgreSQL refuses for what it holds must not hold up the others: the batch is halved until it is alone. */
  private async write(rows: readonly SampleRow[]): Promise<void> {
    try {
      this.metrics.samplesStored.inc(await this.repository.insert(rows));
    } catch (error) {
      if (!isDataError(error)) throw error;
      if (rows.length === 1) {
        this.metrics.sampleDropped('unstorable');
        this.logger.error({ err: error, vmId: rows[0]?.vmId }, 'a sample cannot be stored and is dropped');
        return;
      }
      const middle = Math.ceil(rows.length / 2);
      await this.write(rows.slice(0, middle));
      await this.write(rows.slice(middle));
    }
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.wake = () => {
        // A retry waits its time whatever arrives meanwhile, except for the end.
        if (delayMs !== FLUSH_MS && !this.stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** SQLSTATE class 22 (data exception), which Prisma passes on in the error's metadata or text. */
const isDataError = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const meta = 'meta' in error ? JSON.stringify(error.meta) : '';
  return /"(?:code|originalCode)":"22[0-9A-Z]{3}"|Code: `22[0-9A-Z]{3}`/.test(`${meta} ${error.message}`);
};
