import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { Gauge } from 'prom-client';

/** What clocks of two machines may differ by without breaking anything: two minutes and some seconds for the way. */
export const CLOCK_TOLERANCE_SECONDS = 150;

const WARN_FROM_MS = 1_000;
const CALM_BELOW_MS = 500;
/** An instance that was not heard for this long counts no more. */
const FORGET_AFTER_MS = 300_000;

export interface ClockReport {
  readonly toleranceSeconds: number;
  /** By peer, a service or `postgresql`: how many seconds its clock is ahead of ours. Of several instances the worst. */
  readonly aheadSeconds: Readonly<Record<string, number>>;
}

interface Seen {
  readonly peer: string;
  readonly aheadMs: number;
  readonly atMs: number;
}

/** How far the clocks of others are from ours: a gauge, a line in the log beyond a second, and a part of readiness. */
export class ClockSkew {
  private readonly seen = new Map<string, Seen>();
  private readonly warned = new Set<string>();
  private readonly gauge: Gauge<'peer'>;

  constructor(
    private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.gauge = metrics.gauge('infinibay_clock_skew_seconds', 'How far the clock of a peer is ahead of ours', [
      'peer',
    ]);
  }

  /**
   * @param peer name of the service or of the server
   * @param instance tells instances of the peer apart
   * @param aheadMs positive when the peer's clock is ahead
   */
  observe(peer: string, instance: string, aheadMs: number): void {
    const now = performance.now();
    this.seen.set(`${peer}/${instance}`, { peer, aheadMs, atMs: now });
    for (const [key, { atMs }] of this.seen) if (now - atMs > FORGET_AFTER_MS) this.seen.delete(key);
    const worst = this.worstOf(peer);
    this.gauge.set({ peer }, worst / 1_000);
    this.tell(peer, worst);
  }

  report(): ClockReport {
    const peers = [...new Set([...this.seen.values()].map(({ peer }) => peer))].sort();
    return {
      toleranceSeconds: CLOCK_TOLERANCE_SECONDS,
      aheadSeconds: Object.fromEntries(peers.map((peer) => [peer, Math.round(this.worstOf(peer)) / 1_000])),
    };
  }

  private worstOf(peer: string): number {
    return [...this.seen.values()]
      .filter((one) => one.peer === peer)
      .reduce((worst, { aheadMs }) => (Math.abs(aheadMs) > Math.abs(worst) ? aheadMs : worst), 0);
  }

  /** Once when it begins and once when it ends. */
  private tell(peer: string, aheadMs: number): void {
    const aheadSeconds = aheadMs / 1_000;
    if (Math.abs(aheadMs) >= WARN_FROM_MS && !this.warned.has(peer)) {
      this.warned.add(peer);
      const details = { peer, aheadSeconds, toleranceSeconds: CLOCK_TOLERANCE_SECONDS };
      this.logger.warn(details, 'clock skew: the clock of a peer differs from ours');
    } else if (Math.abs(aheadMs) < CALM_BELOW_MS && this.warned.delete(peer)) {
      this.logger.info({ peer, aheadSeconds }, 'clock skew: the clocks agree again');
    }
  }
}
