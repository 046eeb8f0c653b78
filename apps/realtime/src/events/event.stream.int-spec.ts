import { createLogger } from '@infinibay/platform-logging';
import { testNats } from '@infinibay/testing';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { EventStream } from './event.stream.js';

describe(EventStream, () => {
  it('says that stored events are not to be had while NATS is away, and not that something is broken', async () => {
    const { url, user, password } = testNats();
    const nats = await connect({ servers: url, user, pass: password });
    const stream = new EventStream(nats, createLogger({ service: 'realtime', level: 'error', format: 'json' }));
    expect(await stream.last()).toBeGreaterThanOrEqual(0);
    await nats.close();
    const away = { code: 'SERVICE_UNAVAILABLE', kind: 'unavailable' };
    await expect(stream.last()).rejects.toMatchObject(away);
    await expect(stream.firstFrom(1)).rejects.toMatchObject(away);
    await expect(stream.between(0, 10).next()).rejects.toMatchObject(away);
  });
});
