/**
 * The memory that long lines of all guests share. The longer half of the lengths gets no more than half of it: guests
 * that begin lines of megabytes and never end them leave room for those of ordinary length.
 */
export class LineMemory {
  private taken = 0;

  /** @param bytes all of it. */
  constructor(private readonly bytes: number) {}

  get takenBytes(): number {
    return this.taken;
  }

  /** @param lineBytes how long the line is by now. @returns false when there is not that much. */
  take(bytes: number, lineBytes: number): boolean {
    const limit = lineBytes > LONG_LINE_BYTES ? this.bytes / 2 : this.bytes;
    if (this.taken + bytes > limit) return false;
    this.taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.taken -= bytes;
  }
}

/** The real agents stay below. */
const LONG_LINE_BYTES = 524_288;
