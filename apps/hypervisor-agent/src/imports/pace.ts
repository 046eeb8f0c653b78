export interface PaceLimits {
  /** What must come in each `paceMs`. */
  readonly leastBytes: number;
  readonly paceMs: number;
}

/** 4 KiB/s: who is slower will not send an image in the hours that it may take. */
export const LEAST_PACE: PaceLimits = { leastBytes: 262_144, paceMs: 60_000 };

/** Ends what comes too slowly: whoever sends a byte now and then must not take a place for hours. */
export class Pace {
  private readonly stop = new AbortController();
  private readonly looking: NodeJS.Timeout;
  private came = 0;

  constructor({ leastBytes, paceMs }: PaceLimits) {
    this.looking = setInterval(() => {
      if (this.came < leastBytes) this.stop.abort();
      this.came = 0;
    }, paceMs);
  }

  /** Aborted when too little has come. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  count(bytes: number): void {
    this.came += bytes;
  }

  end(): void {
    clearInterval(this.looking);
  }
}
