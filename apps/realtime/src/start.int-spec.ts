import { createLogger } from '@infinibay/platform-logging';
import { holdsFor, testNats } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { EventStream } from './events/event.stream.js';
import { TestClient } from './testing/client.js';
import { publishFact } from './testing/facts.js';
import { OtherServices } from './testing/other-services.js';
import { startRealtime } from './testing/running-realtime.js';

const DEPARTMENT = randomUUID();

describe('an instance that has just started', () => {
  const logger = createLogger({ service: 'realtime', level: 'error', format: 'json' });
  let nats: NatsConnection;
  let others: OtherServices;
  let restarted: INestApplication;
  const clients: TestClient[] = [];

  beforeAll(async () => {
    const server = testNats();
    nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    others = await OtherServices.serve(nats, logger);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const client of clients.splice(0)) client.socket.close();
    await restarted.close();
  });
  afterAll(() => nats.close());

  it('tells all to who resumes while it yet reads what it shall remember', async () => {
    const before = await publishFact(nats, DEPARTMENT);
    const missed = await publishFact(nats, DEPARTMENT);
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const between = Reflect.get(EventStream.prototype, 'between');
    let hasBegun = false;
    jest.spyOn(EventStream.prototype, 'between').mockImplementation(async function* (this: EventStream, ...range) {
      // The first that it reads is what it shall remember.
      const isFirst = !hasBegun;
      hasBegun = true;
      if (isFirst) await held;
      yield* between.apply(this, range);
    });
    restarted = await startRealtime(logger);
    const token = await others.token(others.user('USER', DEPARTMENT));
    const client = await TestClient.connect(await restarted.getUrl(), { token });
    clients.push(client);
    const answer = await client.resume(before.sequence);
    release(undefined);
    expect(answer).toMatchObject({ ok: true, gap: false, more: false, events: [{ id: missed.id }] });
  });

  it('gives nobody a session before it knows how far the stream goes', async () => {
    const fact = await publishFact(nats, DEPARTMENT);
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const last = Reflect.get(EventStream.prototype, 'last');
    jest.spyOn(EventStream.prototype, 'last').mockImplementation(async function (this: EventStream) {
      await held;
      return last.call(this);
    });
    restarted = await startRealtime(logger);
    const token = await others.token(others.user('USER', DEPARTMENT));
    let isIn = false;
    const joining = TestClient.connect(await restarted.getUrl(), { token }).then((client) => {
      isIn = true;
      clients.push(client);
      return client.session.sequence;
    });
    await holdsFor(500, () => !isIn, 'nobody is let in');
    release(undefined);
    expect(await joining).toBeGreaterThanOrEqual(fact.sequence);
  });
});
