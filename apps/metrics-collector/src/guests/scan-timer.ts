const EVERY_MS = 1_000;
const HINT_DELAY_MS = 50;

/** Has something scanned a while after the last scan ended, and soon after a hint; never twice at a time. */
export class ScanTimer {
  private timer: NodeJS.Timeout | undefined;
  private scanning: Promise<void> | undefined;
  private hinted = false;
  private stopped = false;

  /** @param scan must not reject */
  constructor(private readonly scan: () => Promise<void>) {}

  start(): void {
    this.scanAfter(0);
  }

  /** Something changed. A scan that is under way may have passed it over already: the next one follows soon. */
  hint(): void {
    if (this.hinted) return;
    this.hinted = true;
    if (this.scanning === undefined) this.scanAfter(HINT_DELAY_MS);
  }

  /** Resolves when no scan is under way; none begins after that. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.scanning;
  }

  private scanAfter(delayMs: number): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.hinted = false;
      this.scanning = this.scan().finally(() => {
        this.scanning = undefined;
        this.scanAfter(this.hinted ? HINT_DELAY_MS : EVERY_MS);
      });
    }, delayMs);
  }
}
