import { describe, expect, it } from '@jest/globals';
import type { Status } from '@nats-io/transport-node';
import { Link, LinkLost } from './link.js';

/** A connection that says of itself what a test has it say. */
const sayingConnection = () => {
  const said: Status[] = [];
  let tell: () => void = () => undefined;
  async function* status(): AsyncIterable<Status> {
    for (;;) {
      for (let next = said.shift(); next !== undefined; next = said.shift()) yield next;
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
  }
  const say = async (type: 'disconnect' | 'reconnecting' | 'reconnect'): Promise<void> => {
    said.push(type === 'reconnecting' ? { type } : { type, server: 'nats' });
    tell();
    await new Promise(setImmediate);
  };
  return { say, link: new Link({ status }) };
};

const never = (): Promise<never> => new Promise(() => undefined);

describe(Link, () => {
  it('is up from the start, and carries what is answered or refused', async () => {
    const { link } = sayingConnection();
    await expect(link.up(5)).resolves.toBe(5);
    await expect(link.carry(() => Promise.resolve('answer'))).resolves.toBe('answer');
    await expect(link.carry(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('ends what awaits an answer when it falls, and nothing that comes after', async () => {
    const { link, say } = sayingConnection();
    const lost = link.carry(never);
    const refused = expect(lost).rejects.toThrow(LinkLost);
    await say('disconnect');
    await refused;
    await say('reconnecting');
    await say('reconnect');
    await expect(link.carry(() => Promise.resolve(1))).resolves.toBe(1);
  });

  it('has callers wait while it is away, at most as long as they have', async () => {
    const { link, say } = sayingConnection();
    await say('disconnect');
    await expect(link.up(1)).rejects.toThrow(LinkLost);
    const waiting = Promise.all([link.up(3_600_000), link.up(3_600_000)]);
    await say('reconnect');
    // It fell again before whoever answers was back.
    await say('disconnect');
    await expect(link.up(1)).rejects.toThrow(LinkLost);
    await say('reconnect');
    for (const left of await waiting) expect(left).toBeLessThanOrEqual(3_600_000);
    await expect(link.up(7)).resolves.toBe(7);
  });
});
