import { randomUUID } from 'node:crypto';
import { createLogger } from '@infinibay/platform-logging';
import { NATS_CONNECTION } from '@infinibay/platform-messaging';
import { pollUntil, testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { TestClient } from './testing/client.js';
import { publishFact } from './testing/facts.js';
import { OtherServices } from './testing/other-services.js';
import { startRealtime } from './testing/running-realtime.js';

const DEPARTMENT = randomUUID();

describe('a session of which nobody can say whether it still holds', () => {
  const logger = createLogger({ service: 'realtime', level: 'fatal', format: 'json' });
  let nats: NatsConnection;
  let others: OtherServices;
  /** Ends connections soon, and late. */
  let strict: INestApplication;
  let patient: INestApplication;
  const clients: TestClient[] = [];

  beforeAll(async () => {
    const server = testNats();
    nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    others = await OtherServices.serve(nats, logger);
    [strict, patient] = await Promise.all([
      startRealtime(logger, {}, { beyondBounds: { SESSION_GRACE_SECONDS: 5 } }),
      startRealtime(logger, { SESSION_GRACE_SECONDS: '600' }),
    ]);
  });
  afterAll(async () => {
    for (const client of clients) client.socket.close();
    await Promise.all([strict.close(), patient.close()]);
    await nats.close();
  });

  const join = async (app: INestApplication, token: string): Promise<TestClient> => {
    const client = await TestClient.connect(await app.getUrl(), { token });
    clients.push(client);
    return client;
  };

  it('ends when users has been away for the grace, not before, and is resumed where it ended', async () => {
    const token = await others.token(others.user('USER', DEPARTMENT));
    const [ending, staying] = [await join(strict, token), await join(patient, token)];
    const before = ending.session.sequence;
    others.knowsSessions = false;
    await pollUntil(() => ending.socket.disconnected, { timeoutMs: 30_000, what: 'the end' });
    expect([ending.ended, staying.ended, staying.socket.connected]).toEqual([['SERVICE_UNAVAILABLE'], [], true]);
    // What is known of the session would let it in for longer than it may stay.
    await expect(TestClient.connectOnce(await strict.getUrl(), { token })).rejects.toHaveProperty(
      'data.code',
      'SERVICE_UNAVAILABLE',
    );
    const { id: missed } = await publishFact(nats, DEPARTMENT);
    await pollUntil(() => staying.events.some(({ id }) => id === missed), { what: 'the event' });
    others.knowsSessions = true;
    const again = await pollUntil(() => join(strict, token), { what: 'a connection' });
    const isResumed = async (): Promise<boolean> => {
      const answer = await again.resume(before);
      return answer.ok && answer.events.some(({ id }) => id === missed);
    };
    await pollUntil(isResumed, { what: 'what was missed' });
  });

  it('is looked at after an absence of NATS before anybody hears what happened meanwhile', async () => {
    const member = others.user('USER', DEPARTMENT);
    const [removed, admin] = [
      await join(patient, await others.token(member)),
      await join(patient, await others.token(others.user('ADMIN'))),
    ];
    const connection = patient.get<NatsConnection>(NATS_CONNECTION);
    const isBack = (async () => {
      for await (const { type } of connection.status()) if (type === 'reconnect') return;
    })();
    others.sessions.set(member.sessionId, { ...member, departmentIds: [] });
    // Users comes back later than this service.
    others.knowsSessions = false;
    await connection.reconnect();
    await isBack;
    others.unansweredSessions.length = 0;
    await pollUntil(() => others.unansweredSessions.includes(member.sessionId), { what: 'the question' });
    others.knowsSessions = true;
    const { id: fact } = await publishFact(nats, DEPARTMENT);
    await pollUntil(() => admin.events.some(({ id }) => id === fact), { what: 'the event' });
    // Its answer comes after whatever it was told by then.
    expect(await removed.resume(removed.session.sequence)).toMatchObject({ ok: true, events: [] });
    expect(removed.events.some(({ id }) => id === fact)).toBe(false);
    expect(removed.socket.connected).toBe(true);
  });
});
