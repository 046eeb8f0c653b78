import type { DroppedFrame } from '../metrics/collector-metrics.js';

/** One line of the log a minute and guest: a hostile guest must not fill the disk. */
const EVERY_MS = 60_000;

export interface RefusalNote {
  /** Lines of the guest that were refused since the last note, by reason. */
  readonly refused: Readonly<Partial<Record<DroppedFrame, number>>>;
}

/** Counts what is refused of one guest and says when it is time to tell. */
export class RefusalNotes {
  private counts: Partial<Record<DroppedFrame, number>> = {};
  private toldAt: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns what to tell; undefined when it was told a short while ago. */
  add(reason: DroppedFrame): RefusalNote | undefined {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    const now = this.now();
    if (this.toldAt !== undefined && now - this.toldAt < EVERY_MS) return undefined;
    this.toldAt = now;
    const refused = this.counts;
    this.counts = {};
    return { refused };
  }
}
