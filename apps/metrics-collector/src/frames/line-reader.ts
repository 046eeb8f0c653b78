/** Longest accepted line, without its newline. */
export const MAX_LINE_BYTES = 65_536;

const NEWLINE = 0x0a;
const INITIAL_CAPACITY = 4_096;

/** A whole line, valid until the next call of `next()`; or the news that a line was too long and is being skipped. */
export type LineEvent = { readonly kind: 'line'; readonly bytes: Buffer } | { readonly kind: 'oversize' };

/**
 * Cuts a stream of bytes into lines, without ever holding more than one line of 64 KiB. Bytes and not text: a chunk
 * may end inside a multibyte character. A longer line is told once and skipped up to its newline.
 *
 * Pulled, not pushed: `feed()` a chunk, call `next()` until it returns undefined, then feed again. The chunk is not
 * copied, so it must stay untouched until then.
 */
export class LineReader {
  private chunk: Buffer = Buffer.alloc(0);
  private offset = 0;
  private partial: Buffer = Buffer.alloc(0);
  private partialLength = 0;
  private skipping = false;
  private skipped = 0;

  /** Bytes that belonged to lines that were too long. Only grows. */
  get skippedBytes(): number {
    return this.skipped;
  }

  feed(chunk: Buffer): void {
    if (this.offset < this.chunk.length) throw new Error('the chunk before was not read to its end');
    this.chunk = chunk;
    this.offset = 0;
  }

  /** @returns the next line or event; undefined when the chunk is used up. */
  next(): LineEvent | undefined {
    while (this.offset < this.chunk.length) {
      const end = this.chunk.indexOf(NEWLINE, this.offset);
      if (this.skipping) {
        this.skip(end);
        continue;
      }
      const event = end === -1 ? this.keep() : this.finish(end);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Forgets everything: the next byte begins a line. */
  reset(): void {
    this.chunk = Buffer.alloc(0);
    this.offset = 0;
    this.partial = Buffer.alloc(0);
    this.partialLength = 0;
    this.skipping = false;
  }

  private skip(end: number): void {
    const stop = end === -1 ? this.chunk.length : end + 1;
    this.skipped += stop - this.offset;
    this.offset = stop;
    this.skipping = end === -1;
  }

  /** No newline in the rest of the chunk: it is kept for the next one. */
  private keep(): LineEvent | undefined {
    const rest = this.chunk.subarray(this.offset);
    if (this.partialLength + rest.length > MAX_LINE_BYTES) return this.startSkipping();
    this.append(rest);
    this.offset = this.chunk.length;
    return undefined;
  }

  private finish(end: number): LineEvent | undefined {
    const rest = this.chunk.subarray(this.offset, end);
    if (this.partialLength + rest.length > MAX_LINE_BYTES) return this.startSkipping();
    this.offset = end + 1;
    if (this.partialLength === 0) return rest.length === 0 ? undefined : { kind: 'line', bytes: rest };
    this.append(rest);
    const bytes = this.partial.subarray(0, this.partialLength);
    this.partialLength = 0;
    return { kind: 'line', bytes };
  }

  private startSkipping(): LineEvent {
    this.skipped += this.partialLength;
    this.partialLength = 0;
    this.partial = Buffer.alloc(0);
    this.skipping = true;
    return { kind: 'oversize' };
  }

  private append(bytes: Buffer): void {
    const needed = this.partialLength + bytes.length;
    if (needed > this.partial.length) {
      const capacity = Math.min(MAX_LINE_BYTES, Math.max(INITIAL_CAPACITY, 2 ** Math.ceil(Math.log2(needed))));
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.partial.copy(grown, 0, 0, this.partialLength);
      this.partial = grown;
    }
    bytes.copy(this.partial, this.partialLength);
    this.partialLength = needed;
  }
}
