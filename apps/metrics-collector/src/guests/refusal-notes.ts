import type { DroppedFrame } from '../metrics/collector-metrics.js';

/** One line of the log a minute and guest: a hostile guest must not fill the disk. */
const EVERY_MS = 60_000;

export interface RefusalNote {
  /** Lines of the guest that were refused since the last note, by reason. */
  readonly refused: Readonly<Partial<Record<DroppedFrame, number>>>;
}

/** Counts what is refused of one guest and says when a note is due. */
export class RefusalNotes {
  private counts: Partial<Record<DroppedFrame, number>> = {};
  private notedAt: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns the note that is due; undefined when there was one a short while ago. */
  add(reason: DroppedFrame): RefusalNote | undefined {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    const now = this.now();
    if (this.notedAt !== undefined && now - this.notedAt < EVERY_MS) return undefined;
    this.notedAt = now;
    const refused = this.counts;
    this.counts = {};
    return { refused };
  }
}
