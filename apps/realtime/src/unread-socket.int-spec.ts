import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { WireError } from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { holdsFor, pollUntil, testNats } from '@infinibay/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { OutboundWatch } from './connections/outbound-watch.js';
import type { RealtimeSocket } from './connections/realtime-socket.js';
import { SocketHub } from './connections/socket.hub.js';
import { TestClient } from './testing/client.js';
import { publishFact as tellFact } from './testing/facts.js';
import { OtherServices } from './testing/other-services.js';
import { PollingClient } from './testing/polling-client.js';
import { RawClient } from './testing/raw-client.js';
import { healthUrl, startRealtime } from './testing/running-realtime.js';

const DEPARTMENT = randomUUID();
const logger = createLogger({ service: 'realtime', level: 'error', format: 'json' });
const MIB = 1_048_576;
let nats: NatsConnection;
let others: OtherServices;
let app: INestApplication;
let url: string;
let clients: { close(): void }[] = [];
/** Before the events of this file. */
let beginning: number;

beforeAll(async () => {
  const server = testNats();
  nats = await connect({ servers: server.url, user: server.user, pass: server.password });
  others = await OtherServices.serve(nats, logger);
  app = await startRealtime(logger, { CONNECTIONS_PER_USER: '5' });
  url = await app.getUrl();
  beginning = (await publishFact()) - 1;
  for (let published = 0; published < 1_500; published += 100)
    await Promise.all(Array.from({ length: 100 }, () => publishFact()));
  const last = await publishFact();
  await pollUntil(async () => (await metric('infinibay_realtime_event_sequence')) >= last, {
    timeoutMs: 60_000,
    what: 'the events to be known',
  });
});

afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
});

afterAll(async () => {
  await app.close();
  await nats.close();
});

const publishFact = async (reason: string | null = null): Promise<number> =>
  (await tellFact(nats, DEPARTMENT, { reason })).sequence;

const metric = async (name: string, label = ''): Promise<number> => {
  const text = await (await fetch(`${healthUrl(app)}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(name) && candidate.includes(label));
  return Number(line?.split(' ').at(-1) ?? 0);
};

const token = async (): Promise<string> => others.token(others.user('USER', DEPARTMENT));

const openRaw = async (of: string): Promise<RawClient> => {
  const client = await RawClient.open(url, of);
  clients.push(client);
  return client;
};

const join = async (of: string): Promise<TestClient> => {
  const client = await TestClient.connect(url, { token: of });
  clients.push({ close: () => client.socket.close() });
  return client;
};

describe('a client that does not read', () => {
  it('costs a bounded number of bytes for 1,000 resumes, and others are answered meanwhile', async () => {
    const before = await metric('infinibay_realtime_replayed_bytes_total');
    const unread = await Promise.all([1, 2, 3].map(async () => openRaw(await token())));
    const neighbour = await join(await token());
    for (const client of unread) {
      client.stopReading();
      for (let request = 0; request < 1_000; request += 1) client.send(`42${request}["resume",{"afterSequence":0}]`);
    }
    const answer = await neighbour.resume(neighbour.session.sequence - 10);
    expect(answer.ok && answer.events).toHaveLength(10);
    // Every one of the 3,000 has been taken, made or refused, when the connections are cut off or the queue is empty.
    for (let round = 0; round < 5; round += 1) await neighbour.resume(neighbour.session.sequence);
    const replayed = (await metric('infinibay_realtime_replayed_bytes_total')) - before;
    // A few pages for each until the kernel's buffers are full; 3,000 would be 1.5 GB.
    expect(replayed).toBeLessThan(3 * 24 * MIB);
    expect(await metric('infinibay_realtime_waiting_bytes')).toBeLessThan(3 * 2 * MIB);
  });

  it('is cut off when more than its share of live events waits for it, and its neighbour hears them all', async () => {
    const unread = await openRaw(await token());
    const neighbour = await join(await token());
    unread.stopReading();
    const before = await metric('infinibay_realtime_ended_total', 'SLOW_CONSUMER');
    const reason = 'x'.repeat(400);
    let last = 0;
    await pollUntil(
      async () => {
        await Promise.all(Array.from({ length: 200 }, () => publishFact(reason)));
        last = await publishFact(reason);
        return (await metric('infinibay_realtime_ended_total', 'SLOW_CONSUMER')) > before;
      },
      { timeoutMs: 60_000, what: 'the end of the connection' },
    );
    await pollUntil(() => neighbour.events.at(-1)?.sequence === last, { timeoutMs: 30_000, what: 'the last event' });
    unread.readOn();
    await pollUntil(() => unread.ended, { timeoutMs: 60_000, what: 'the end' });
  });
});

describe('clients that have not read their answers', () => {
  it('take no turns that others need to resume', async () => {
    const neighbour = await join(await token());
    const unread = await Promise.all(Array.from({ length: 5 }, async () => join(await token())));
    const waitedFor = new Set<RealtimeSocket['conn']>();
    const ids = new Set(unread.map(({ session }) => session.userId));
    const sockets = [...app.get(SocketHub).io.sockets.sockets.values()];
    const connections = new Set(
      sockets.filter(({ data }) => ids.has(data.session.actor.userId)).map(({ conn }) => conn),
    );
    const reads = jest.spyOn(app.get(OutboundWatch), 'hasRead').mockImplementation((connection) => {
      if (connections.has(connection)) waitedFor.add(connection);
      return !connections.has(connection);
    });
    let given = 0;
    const resume = async (client: TestClient): Promise<void> => {
      await client.resume(beginning);
      given += 1;
    };
    const resumes = [...unread, ...unread].map(resume);
    await pollUntil(() => waitedFor.size >= 4, { what: 'the resumes that wait' });
    const answer = await neighbour.resume(neighbour.session.sequence);
    const givenBefore = given;
    reads.mockRestore();
    expect(answer).toMatchObject({ ok: true });
    expect(givenBefore).toBe(0);
    await Promise.all(resumes);
  });
});

/** A packet of engine.io with one of socket.io. */
const isAcknowledgement = ({ data }: { readonly data?: unknown }): boolean =>
  typeof data === 'string' && data.startsWith('3');

describe('a client that polls and does not read', () => {
  const MOST_PAGES = 80;

  interface Opened {
    readonly client: PollingClient;
    readonly connection: RealtimeSocket['conn'];
    /** How many answers to its messages were handed to its polls. */
    readonly answers: () => number;
  }
  const open = async (): Promise<Opened> => {
    const actor = others.user('USER', DEPARTMENT);
    const client = await PollingClient.open(url, await others.token(actor));
    clients.push(client);
    const sockets = [...app.get(SocketHub).io.sockets.sockets.values()];
    const socket = sockets.find(({ data }) => data.session.actor.userId === actor.userId);
    if (socket === undefined) throw new Error('nobody polls');
    let answers = 0;
    socket.conn.on('flush', (packets: readonly { readonly data?: unknown }[]) => {
      if (packets.some(isAcknowledgement)) answers += 1;
      // A ping came first: what is waited for goes to the next poll.
      else client.poll();
    });
    client.stopReading();
    return { client, connection: socket.conn, answers: () => answers };
  };
  const hasRead = (connection: RealtimeSocket['conn']): boolean => app.get(OutboundWatch).hasRead(connection);
  /** What is written is with the kernel at once, as long as it takes it. */
  const isTaken = (connection: RealtimeSocket['conn']): Promise<boolean> =>
    holdsFor(500, () => !hasRead(connection), 'it waits').then(
      () => false,
      () => true,
    );
  /** @returns after how many pages the kernel took no more */
  const fill = async ({ client, connection, answers }: Opened): Promise<number> => {
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      await client.send(`42${String(page)}["resume",{"afterSequence":${String(beginning)}}]`);
      client.poll();
      // Engine.io ends a connection whose polls overlap.
      await pollUntil(() => answers() >= page, { timeoutMs: 30_000, what: 'the answer' });
      if (!(await isTaken(connection))) return page;
    }
    return MOST_PAGES + 1;
  };

  it('is known not to have read its answers, gets no further page, and goes on when it has read', async () => {
    const opened = await open();
    expect(await fill(opened)).toBeLessThanOrEqual(MOST_PAGES);
    await pollUntil(async () => (await metric('infinibay_realtime_waiting_bytes')) > 0, { what: 'the bytes' });
    const before = await metric('infinibay_realtime_replayed_bytes_total');
    await opened.client.send(`4299["resume",{"afterSequence":${String(beginning)}}]`);
    const neighbour = await join(await token());
    expect(await neighbour.resume(neighbour.session.sequence)).toMatchObject({ ok: true });
    expect(await metric('infinibay_realtime_replayed_bytes_total')).toBe(before);
    opened.client.readOn();
    // The page that waited, or that it was waited for too long.
    const answered = opened.answers();
    opened.client.poll();
    await pollUntil(() => opened.answers() > answered, { timeoutMs: 60_000, what: 'the answer that waited' });
    await pollUntil(() => hasRead(opened.connection), { timeoutMs: 60_000, what: 'the answers to be read' });
  });

  it('keeps nothing when its connection ends', async () => {
    const served: Socket[] = [];
    (app.getHttpServer() as Server).on('connection', (socket: Socket) => served.push(socket));
    const opened = await open();
    const held = served.find(({ remotePort }) => remotePort === opened.client.port);
    expect(await fill(opened)).toBeLessThanOrEqual(MOST_PAGES);
    expect(held?.destroyed).toBe(false);
    opened.connection.close(true);
    await pollUntil(async () => (await metric('infinibay_realtime_waiting_bytes')) === 0, {
      timeoutMs: 60_000,
      what: 'the end of what waited',
    });
    await pollUntil(() => held?.destroyed, { what: 'the end of the answer that nobody reads' });
    opened.client.readOn();
    await pollUntil(() => opened.client.ended, { timeoutMs: 60_000, what: 'the end' });
  });
});

describe('a client that says too much', () => {
  it('is refused its resumes beyond a budget that all connections of its user share', async () => {
    const mine = await token();
    const sockets = await Promise.all([1, 2, 3].map(() => join(mine)));
    const answers = await Promise.all(
      sockets.flatMap((socket) => Array.from({ length: 300 }, () => socket.resume(socket.session.sequence))),
    );
    const refused = answers.filter((answer) => !answer.ok && answer.error.code === 'TOO_MANY_ATTEMPTS');
    expect(refused.length).toBeGreaterThan(150);
    expect(answers.filter((answer) => answer.ok)).not.toHaveLength(0);
    const other = await join(await token());
    expect(await other.resume(other.session.sequence)).toMatchObject({ ok: true });
  });

  it('is refused malformed messages as well as good ones beyond its rate', async () => {
    const client = await join(await token());
    const codes = new Set<string>();
    // The allowance grows meanwhile: on a busy machine it takes more to use it up.
    await pollUntil(
      async () => {
        const answers = await Promise.all(
          Array.from({ length: 500 }, () => client.sendAnything('vm:subscribe', { vmId: 7 })),
        );
        for (const answer of answers) codes.add(answer.ok ? 'ok' : answer.error.code);
        return codes.has('TOO_MANY_ATTEMPTS');
      },
      { timeoutMs: 60_000, what: 'the refusal' },
    );
    expect(codes).toEqual(new Set(['INVALID_INPUT', 'TOO_MANY_ATTEMPTS']));
  });

  it('is cut off for a flood of packets, whatever they are, before and after it has a session', async () => {
    const before = await metric('infinibay_realtime_ended_total', 'TOO_MANY_ATTEMPTS');
    for (const open of [() => RawClient.open(url), async () => openRaw(await token())]) {
      const client = await open();
      clients.push(client);
      for (let packet = 0; packet < 20_000; packet += 1) client.send('3');
      await pollUntil(() => client.ended, { timeoutMs: 60_000, what: 'the end' });
    }
    // Who asks for nothing is let go after 5 s as well.
    expect(await metric('infinibay_realtime_ended_total', 'TOO_MANY_ATTEMPTS')).toBe(before + 2);
  });

  it('is cut off when it has asked a few times to be let in, and is let in by none of it', async () => {
    // All but the first are refused as others of the same connection, where they come before it is answered.
    const refused = async (): Promise<number> =>
      (await metric('infinibay_realtime_refused_total', 'TOKEN_INVALID')) +
      (await metric('infinibay_realtime_refused_total', 'TOO_MANY_ATTEMPTS'));
    const before = await refused();
    const client = await RawClient.open(url);
    clients.push(client);
    // In one piece: all have come before the first is answered.
    client.send(...Array.from({ length: 1_000 }, () => '40{"token":"a.b.c"}'));
    await pollUntil(() => client.ended, { timeoutMs: 60_000, what: 'the end' });
    expect((await refused()) - before).toBeLessThanOrEqual(8);
  });

  it('is told why it is refused, is let go with that, and is counted as refused alone', async () => {
    const before = await metric('infinibay_realtime_ended_total', 'TOO_MANY_ATTEMPTS');
    const client = await RawClient.open(url);
    clients.push(client);
    client.send('40{"token":"a.b.c"}');
    await client.hears('TOKEN_INVALID');
    // It does not close its end, and asks once more, which would be granted.
    client.send(`40${JSON.stringify({ token: await token() })}`);
    await pollUntil(() => client.ended, { timeoutMs: 60_000, what: 'the end' });
    expect(client.hasHeard('["session"')).toBe(false);
    expect(await metric('infinibay_realtime_ended_total', 'TOO_MANY_ATTEMPTS')).toBe(before);
  });

  it('has a bounded number of connections', async () => {
    const mine = await token();
    for (let count = 0; count < 5; count += 1) await join(mine);
    const refusal = await TestClient.connect(url, { token: mine }).catch((error: unknown) => error);
    expect(refusal).toHaveProperty('data.code', 'TOO_MANY_ATTEMPTS' satisfies WireError['code']);
  });
});
