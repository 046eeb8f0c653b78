import type { LineMemory } from './line-memory.js';

/** Longest accepted line, without its newline: what the host of the deployed agents allows. */
export const MAX_LINE_BYTES = 4_194_304;

const NEWLINE = 0x0a;
const INITIAL_CAPACITY = 4_096;
/** What each guest may hold without asking. */
const OWN_BYTES = 65_536;

/** A whole line, valid until the next call of `next()`; or the news that a line was too long and is being skipped. */
export type LineEvent =
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'oversize' }
  /** The line could not be kept, since lines of other guests have the memory. */
  | { readonly kind: 'no_memory' }
  /** The line was given up before it ended. */
  | { readonly kind: 'unfinished' };

export type LineRefusal = Exclude<LineEvent['kind'], 'line'>;

/**
 * Cuts a stream of bytes into lines, without ever holding more than one. A small part of it is always held; what goes
 * beyond is taken from a memory that all guests share and given back with the line. Bytes and not text: a chunk may end
 * inside a multibyte character. A line that can't be held is told once and skipped up to its newline.
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
  private borrowed = 0;
  private untold: LineEvent | undefined;
  private held = false;

  constructor(private readonly memory: LineMemory) {}

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
    if (this.held) this.release();
    const { untold } = this;
    this.untold = undefined;
    if (untold !== undefined) return untold;
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
    this.release();
    this.skipping = false;
    this.untold = undefined;
  }

  /** Gives up the line that has begun, and what it holds, at once; it is told by the next call of `next()`. */
  abandon(): void {
    if (this.partialLength === 0 || this.held) return;
    this.skipped += this.partialLength;
    this.release();
    this.skipping = true;
    this.untold = { kind: 'unfinished' };
  }

  /** Whether part of a line is held in shared memory. */
  get isBorrowing(): boolean {
    return this.borrowed > 0;
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
    const refusal = this.append(rest);
    if (refusal !== undefined) return this.startSkipping(refusal);
    this.offset = this.chunk.length;
    return undefined;
  }

  private finish(end: number): LineEvent | undefined {
    const rest = this.chunk.subarray(this.offset, end);
    if (this.partialLength === 0) {
      if (rest.length > MAX_LINE_BYTES) return this.startSkipping('oversize');
      this.offset = end + 1;
      return rest.length === 0 ? undefined : { kind: 'line', bytes: rest };
    }
    const refusal = this.append(rest);
    if (refusal !== undefined) return this.startSkipping(refusal);
    this.offset = end + 1;
    const bytes = this.partial.subarray(0, this.partialLength);
    // The caller reads it before it asks for the next: what was borrowed is given back then.
    this.held = true;
    return { kind: 'line', bytes };
  }

  private startSkipping(kind: LineRefusal): LineEvent {
    this.skipped += this.partialLength;
    this.release();
    this.skipping = true;
    return { kind };
  }

  private release(): void {
    this.memory.give(this.borrowed);
    this.borrowed = 0;
    this.held = false;
    this.partialLength = 0;
    if (this.partial.length > OWN_BYTES) this.partial = Buffer.alloc(0);
  }

  /** @returns why the line can't be held; undefined when it is. */
  private append(bytes: Buffer): LineRefusal | undefined {
    const needed = this.partialLength + bytes.length;
    if (needed > MAX_LINE_BYTES) return 'oversize';
    if (!this.reserve(needed)) return 'no_memory';
    bytes.copy(this.partial, this.partialLength);
    this.partialLength = needed;
    return undefined;
  }

  private reserve(needed: number): boolean {
    if (needed <= this.partial.length) return true;
    const capacity = Math.min(MAX_LINE_BYTES, Math.max(INITIAL_CAPACITY, 2 ** Math.ceil(Math.log2(needed))));
    const more = Math.max(0, capacity - OWN_BYTES) - this.borrowed;
    if (more > 0 && !this.memory.take(more, capacity)) return false;
    this.borrowed += Math.max(0, more);
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.partial.copy(grown, 0, 0, this.partialLength);
    this.partial = grown;
    return true;
  }
}
