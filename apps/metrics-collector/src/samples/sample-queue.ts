import type { SampleRow } from './sample-row.js';

/** Samples that wait to be written, bounded in number and bytes: when full, the oldest make room. */
export class SampleQueue {
  private rows: SampleRow[] = [];
  private bytes = 0;

  constructor(private readonly limits: { readonly rows: number; readonly bytes: number }) {}

  get length(): number {
    return this.rows.length;
  }

  /** @returns how many of the oldest were dropped. */
  push(row: SampleRow): number {
    this.rows.push(row);
    this.bytes += row.payload.length;
    return this.trim();
  }

  take(limit: number): SampleRow[] {
    const taken = this.rows.splice(0, limit);
    this.bytes -= sizeOf(taken);
    return taken;
  }

  /** Puts back what could not be written, as the oldest. @returns how many were dropped. */
  putBack(rows: readonly SampleRow[]): number {
    this.rows = [...rows, ...this.rows];
    this.bytes += sizeOf(rows);
    return this.trim();
  }

  private trim(): number {
    let dropped = 0;
    let bytes = this.bytes;
    while (this.rows.length - dropped > this.limits.rows || bytes > this.limits.bytes) {
      bytes -= this.rows[dropped]?.payload.length ?? 0;
      dropped += 1;
    }
    if (dropped > 0) this.rows.splice(0, dropped);
    this.bytes = bytes;
    return dropped;
  }
}

const sizeOf = (rows: readonly SampleRow[]): number => rows.reduce((sum, row) => sum + row.payload.length, 0);
