import { randomUUID } from 'node:crypto';
import { createLogger } from '@infinibay/platform-logging';
import { holdsFor, pollUntil, testNats } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { SocketHub } from './connections/socket.hub.js';
import { RealtimeMetrics } from './metrics/realtime-metrics.js';
import { TestClient } from './testing/client.js';
import { OtherServices } from './testing/other-services.js';
import { RawClient } from './testing/raw-client.js';
import { healthUrl, startRealtime } from './testing/running-realtime.js';

const DEPARTMENT = randomUUID();

/** Limits that are looked at before what they count is there to be counted. */
describe('requests of clients that come at once', () => {
  const logger = createLogger({ service: 'realtime', level: 'error', format: 'json' });
  let nats: NatsConnection;
  let others: OtherServices;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    const server = testNats();
    nats = await connect({ servers: server.url, user: server.user, pass: server.password });
    others = await OtherServices.serve(nats, logger);
    app = await startRealtime(logger, { SUBSCRIPTIONS_PER_CONNECTION: '2', CONNECTIONS_PER_USER: '3' });
    url = await app.getUrl();
    await pollUntil(async () => (await fetch(`${healthUrl(app)}/health/ready`)).ok, { what: 'readiness' });
  });
  afterAll(async () => {
    await app.close();
    await nats.close();
  });

  const sessions = (): number => app.get(SocketHub).io.sockets.sockets.size;

  /** What is asked about the session is known from then on: whoever comes is let in or refused without a question. */
  const known = async (): Promise<string> => {
    const token = await others.token(others.user('USER', DEPARTMENT));
    (await TestClient.connect(url, { token })).socket.close();
    await pollUntil(() => sessions() === 0, { what: 'no session' });
    return token;
  };

  /** How many connections were refused, or ended, for being too many. */
  const counted = async (): Promise<readonly number[]> => {
    const { refused, ended } = app.get(RealtimeMetrics);
    const counters = await Promise.all([refused.get(), ended.get()]);
    return counters.map(({ values }) => values.find(({ labels }) => labels.code === 'TOO_MANY_ATTEMPTS')?.value ?? 0);
  };

  it('watch as many VMs as one may watch, and no more', async () => {
    const vmIds = Array.from({ length: 8 }, () => randomUUID());
    for (const vmId of vmIds) others.vms.set(vmId, DEPARTMENT);
    const client = await TestClient.connect(url, { token: await others.token(others.user('USER', DEPARTMENT)) });
    const answers = await Promise.all(vmIds.map((vmId) => client.subscribe(vmId)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(2);
    client.socket.close();
  });

  it('are as many connections as a user may have, and no more', async () => {
    const token = await known();
    const [refusedBefore = 0, endedBefore = 0] = await counted();
    const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.open(url)));
    for (const client of clients) client.send(`40${JSON.stringify({ token })}`);
    const refused = (): number => clients.filter((client) => client.hasHeard('TOO_MANY_ATTEMPTS')).length;
    await pollUntil(() => refused() === 9, { what: 'nine refusals' });
    expect(sessions()).toBe(3);
    expect(await counted()).toEqual([refusedBefore + 9, endedBefore]);
    for (const client of clients) client.close();
    await pollUntil(() => sessions() === 0, { what: 'no session' });
  });

  it('are one session of a connection, and another after that one has ended', async () => {
    const token = await known();
    const client = await RawClient.open(url);
    // In one piece: all are read before the first is answered.
    client.send(...Array.from({ length: 8 }, () => `40${JSON.stringify({ token })}`));
    await client.hears('["session"');
    await client.hears('TOO_MANY_ATTEMPTS');
    await holdsFor(200, () => sessions() === 1, 'there is one session');
    client.send('41');
    await pollUntil(() => sessions() === 0, { what: 'no session' });
    client.send(`40${JSON.stringify({ token })}`);
    await pollUntil(() => sessions() === 1, { what: 'a session again' });
    client.close();
  });
});
