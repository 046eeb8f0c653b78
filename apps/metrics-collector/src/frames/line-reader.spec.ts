import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineMemory } from './line-memory.js';
import { LineReader, MAX_LINE_BYTES } from './line-reader.js';

const readAll = (chunks: readonly Buffer[]): { lines: string[]; oversize: number; reader: LineReader } => {
  const reader = new LineReader(new LineMemory(2 * MAX_LINE_BYTES));
  const lines: string[] = [];
  let oversize = 0;
  for (const chunk of chunks) {
    reader.feed(chunk);
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'line') lines.push(event.bytes.toString('utf8'));
      else oversize += 1;
    }
  }
  return { lines, oversize, reader };
};

const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
};

describe(LineReader.name, () => {
  it('gives the same lines wherever chunks end, also inside multibyte characters', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\n', ' '));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (texts, sizes) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        expect(readAll(cut(bytes, sizes)).lines).toEqual(
          texts.map((text) => Buffer.from(text).toString()).filter((text) => text !== ''),
        );
      }),
    );
  });

  it('takes a line of exactly the limit and refuses one byte more, once', () => {
    const fits = Buffer.from(`${'a'.repeat(MAX_LINE_BYTES)}\n`);
    expect(readAll(cut(fits, [10_000])).lines[0]).toHaveLength(MAX_LINE_BYTES);
    const tooLong = Buffer.from(`${'a'.repeat(MAX_LINE_BYTES + 1)}\nnext\n`);
    for (const size of [16_384, MAX_LINE_BYTES, 8_000_000]) {
      const { lines, oversize, reader } = readAll(cut(tooLong, [size]));
      expect({ lines: lines.map((line) => line.slice(0, 9)), oversize }).toEqual({ lines: ['next'], oversize: 1 });
      expect(reader.skippedBytes).toBe(MAX_LINE_BYTES + 2);
    }
  });

  it('skips a line of 100 MB in bounded memory and reads the one after it', () => {
    const reader = new LineReader(new LineMemory(2 * MAX_LINE_BYTES));
    const chunk = Buffer.alloc(16_384, 'x');
    const before = process.memoryUsage.rss();
    let oversize = 0;
    for (let sent = 0; sent < 100_000_000; sent += chunk.length) {
      reader.feed(chunk);
      for (let event = reader.next(); event !== undefined; event = reader.next()) oversize += 1;
    }
    expect(oversize).toBe(1);
    expect(process.memoryUsage.rss() - before).toBeLessThan(30_000_000);
    reader.feed(Buffer.from('\nafter\n'));
    expect(reader.next()).toEqual({ kind: 'line', bytes: Buffer.from('after') });
  });

  it('gives back what a long line took, whether it was read, was too long or was broken off', () => {
    const memory = new LineMemory(4 * MAX_LINE_BYTES);
    const reader = new LineReader(memory);
    const feed = (bytes: Buffer): string[] => {
      const kinds: string[] = [];
      reader.feed(bytes);
      for (let event = reader.next(); event !== undefined; event = reader.next()) kinds.push(event.kind);
      return kinds;
    };
    feed(Buffer.alloc(300_000, 'x'));
    expect(memory.takenBytes).toBeGreaterThan(200_000);
    expect(feed(Buffer.from('\n'))).toEqual(['line']);
    expect(memory.takenBytes).toBe(0);
    feed(Buffer.alloc(MAX_LINE_BYTES, 'x'));
    expect(feed(Buffer.from('xx'))).toEqual(['oversize']);
    expect(memory.takenBytes).toBe(0);
    feed(Buffer.from('\n'));
    feed(Buffer.alloc(300_000, 'x'));
    reader.abandon();
    expect(memory.takenBytes).toBe(0);
    expect(feed(Buffer.from('x'))).toEqual(['unfinished']);
    expect(memory.takenBytes).toBe(0);
    feed(Buffer.from(`\n${'y'.repeat(300_000)}`));
    reader.reset();
    expect(memory.takenBytes).toBe(0);
  });

  it('of 100 guests that begin 4 MB and end nothing hold a bounded number of bytes, and leave room for a real line', () => {
    const memory = new LineMemory(16_777_216);
    const chunk = Buffer.alloc(16_384, 'x');
    const hostile = Array.from({ length: 100 }, () => new LineReader(memory));
    for (let sent = 0; sent < 4_000_000; sent += chunk.length)
      for (const reader of hostile) {
        reader.feed(chunk);
        while (reader.next() !== undefined);
        expect(memory.takenBytes).toBeLessThanOrEqual(16_777_216);
      }
    const real = new LineReader(memory);
    real.feed(Buffer.alloc(200_000, 'y'));
    expect(real.next()).toBeUndefined();
    real.feed(Buffer.from('\n'));
    expect(real.next()).toMatchObject({ kind: 'line' });
  });
});
