import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventStream, type StreamedEvent } from './event-stream.js';

const event = (name: string) => ({ kind: 'network', uuid: 'u', name, event: 'started' }) as const;
const noop = (): void => undefined;

async function readAll(stream: EventStream): Promise<StreamedEvent[]> {
  const read: StreamedEvent[] = [];
  for await (const next of stream) read.push(next);
  return read;
}

describe(EventStream.name, () => {
  it('gives events in order to a reader that waits and to one that comes later', async () => {
    const stream = new EventStream(10, noop);
    const early = stream.next();
    stream.push(event('a'));
    stream.push(event('b'));
    stream.end();
    expect(await early).toEqual({ done: false, value: event('a') });
    expect(await readAll(stream)).toEqual([event('b')]);
  });

  it('loses nothing unseen, whatever the buffer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 40 }), async (capacity, count) => {
        const stream = new EventStream(capacity, noop);
        for (let i = 0; i < count; i += 1) stream.push(event(String(i)));
        stream.end();
        const read = await readAll(stream);
        const dropped = read.reduce((sum, next) => sum + (next.kind === 'overflow' ? next.dropped : 0), 0);
        const kept = read.filter((next) => next.kind !== 'overflow');
        expect(kept.length + dropped).toBe(count);
        expect(kept.length).toBeLessThanOrEqual(capacity);
        if (dropped > 0) expect(read[0]?.kind).toBe('overflow');
        if (count > 0) expect(kept.at(-1)).toEqual(event(String(count - 1)));
      }),
    );
  });

  it('has a bound whatever it is given', async () => {
    for (const capacity of [0, -1, 0.5]) {
      const stream = new EventStream(capacity, noop);
      for (const name of ['a', 'b']) stream.push(event(name));
      stream.end();
      expect(await readAll(stream)).toEqual([{ kind: 'overflow', dropped: 1 }, event('b')]);
    }
    expect(() => new EventStream(Number.NaN, noop)).toThrow(TypeError);
  });

  it('ends its readers and tells its owner once', async () => {
    let ended = 0;
    const stream = new EventStream(1, () => (ended += 1));
    const waiting = stream.next();
    stream.end();
    stream.end();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(ended).toBe(1);
  });
});
