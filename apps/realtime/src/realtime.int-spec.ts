import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventSubject,
  exampleGuestSample,
  metricsSubject,
  userAccessChanged,
  vmDeleted,
  vmLeftDepartment,
  type Actor,
  type GuestSample,
  type WireError,
} from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { CLOCK_TOLERANCE_SECONDS } from '@infinibay/platform-messaging';
import { newEvent } from '@infinibay/platform-persistence';
import { patience, pollUntil, testNats } from '@infinibay/testing';
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { INestApplication } from '@nestjs/common';
import { generateKeyPair } from 'jose';
import { TestClient } from './testing/client.js';
import { RECHECK_MS, SWEEP_MS } from './connections/session-watch.js';
import { EventFeed } from './events/event.feed.js';
import { publishFact as tellFact, type Fact } from './testing/facts.js';
import { OtherServices } from './testing/other-services.js';
import { healthUrl, startRealtime } from './testing/running-realtime.js';

const OURS = randomUUID();
const THEIRS = randomUUID();
const logger = createLogger({ service: 'realtime', level: 'error', format: 'json' });
let nats: NatsConnection;
let others: OtherServices;
let app: INestApplication;
let url: string;
const clients: TestClient[] = [];

const boot = (settings: Record<string, string> = {}): Promise<INestApplication> => startRealtime(logger, settings);

beforeAll(async () => {
  const server = testNats();
  nats = await connect({ servers: server.url, user: server.user, pass: server.password });
  others = await OtherServices.serve(nats, logger);
  app = await boot();
  url = await app.getUrl();
  await pollUntil(async () => (await fetch(`${healthUrl(app)}/health/ready`)).ok, { what: 'readiness' });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.socket.close();
});

afterAll(async () => {
  await app.close();
  await nats.close();
});

const join = async (actor: Actor, secondsLeft = 600): Promise<TestClient> => {
  const client = await TestClient.connect(url, { token: await others.token(actor, { secondsLeft }) });
  clients.push(client);
  return client;
};

/** The code with which the server refuses a connection. */
const refusal = async (auth: object): Promise<unknown> => {
  try {
    await TestClient.connect(url, auth);
    return 'connected';
  } catch (error) {
    return error instanceof Error && 'data' in error ? (error.data as WireError).code : error;
  }
};

const publishFact = (departmentId: string | null, vmId?: string): Promise<Fact> =>
  tellFact(nats, departmentId, vmId === undefined ? {} : { vmId });

const publishSample = (departmentId: string, vmId: string): void => {
  const sample: GuestSample = { ...exampleGuestSample, departmentId, vmId, sampledAt: new Date().toISOString() };
  nats.publish(metricsSubject(departmentId, vmId), JSON.stringify(sample));
};

const heard = (client: TestClient, { id }: { id: string }) =>
  pollUntil(() => client.events.find((event) => event.id === id), { what: 'the event' });

describe('who may connect', () => {
  it('refuses a missing, forged, expired and ended token with its code', async () => {
    const actor = others.user('USER', OURS);
    const { privateKey } = await generateKeyPair('EdDSA');
    const ended = others.user('USER', OURS);
    const endedToken = await others.token(ended);
    others.sessions.delete(ended.sessionId);
    expect(await refusal({})).toBe('UNAUTHENTICATED');
    expect(await refusal({ token: { a: 1 } })).toBe('UNAUTHENTICATED');
    expect(await refusal({ token: 'x'.repeat(5_000) })).toBe('TOKEN_INVALID');
    expect(await refusal({ token: await others.token(actor, { key: privateKey }) })).toBe('TOKEN_INVALID');
    expect(await refusal({ token: await others.token(actor, { secondsLeft: -CLOCK_TOLERANCE_SECONDS - 1 }) })).toBe(
      'TOKEN_EXPIRED',
    );
    expect(await refusal({ token: endedToken })).toBe('SESSION_ENDED');
  });

  it('admits by polling as well as by WebSocket, from known origins only', async () => {
    const token = await others.token(others.user('USER', OURS));
    clients.push(await TestClient.connect(url, { token }, { transports: ['polling'] }));
    clients.push(await TestClient.connect(url, { token }, { extraHeaders: { origin: 'https://app.example.org' } }));
    for (const transport of ['polling', 'websocket']) {
      await expect(
        TestClient.connect(
          url,
          { token },
          { transports: [transport], extraHeaders: { origin: 'https://evil.example.org' } },
        ),
      ).rejects.toThrow(/error/);
    }
  });

  it('limits the connections of one address', async () => {
    // One, and the next 3.7 s later.
    const limited = await boot({ CONNECTIONS_PER_SECOND: '0.26' });
    const limitedUrl = await limited.getUrl();
    const token = await others.token(others.user('USER', OURS));
    clients.push(await TestClient.connect(limitedUrl, { token }));
    await expect(TestClient.connect(limitedUrl, { token })).rejects.toThrow(/error/);
    await limited.close();
  });

  it('limits those of one network of IPv6 behind a proxy, and nobody else behind it', async () => {
    // One, and the next 3.8 s later.
    const limited = await boot({ CONNECTIONS_PER_SECOND: '0.26', TRUSTED_PROXIES: '1' });
    const limitedUrl = await limited.getUrl();
    const statusFrom = async (address: string): Promise<number> => {
      const headers = { 'x-forwarded-for': `192.0.2.1, ${address}` };
      return (await fetch(`${limitedUrl}/socket.io/?EIO=4&transport=polling`, { headers })).status;
    };
    const statuses = await Promise.all(['2001:db8::1', '2001:db8::2'].map(statusFrom));
    expect(new Set(statuses)).toEqual(new Set([200, 403]));
    expect(await Promise.all(['2001:db8:0:1::1', '192.0.2.7'].map(statusFrom))).toEqual([200, 200]);
    await limited.close();
  });

  it('has a bounded number of connections, whatever a new one says it is', async () => {
    const small = await boot({ CONNECTIONS: '1' });
    const smallUrl = await small.getUrl();
    clients.push(await TestClient.connect(smallUrl, { token: await others.token(others.user('USER', OURS)) }));
    const statuses = await Promise.all(
      ['', '&sid=', '&x=1&sid='].map(
        async (more) => (await fetch(`${smallUrl}/socket.io/?EIO=4&transport=polling${more}`)).status,
      ),
    );
    expect(statuses).toEqual([403, 403, 403]);
    await small.close();
  });
});

describe('events', () => {
  it('reach the members of their department and admins once each, and nobody else', async () => {
    const [member, admin, stranger, both] = await Promise.all([
      join(others.user('USER', OURS)),
      join(others.user('ADMIN', OURS)),
      join(others.user('USER', THEIRS)),
      join(others.user('USER', OURS, THEIRS)),
    ]);
    const ours = await publishFact(OURS);
    const global = await publishFact(null);
    const theirs = await publishFact(THEIRS);
    for (const client of [member, admin, both]) await heard(client, ours);
    for (const client of [admin, stranger, both]) await heard(client, theirs);
    await heard(admin, global);
    const idsOf = (client: TestClient): string[] => client.events.map((event) => event.id);
    expect(idsOf(member)).toEqual([ours.id]);
    expect(idsOf(admin)).toEqual([ours.id, global.id, theirs.id]);
    expect(idsOf(stranger)).toEqual([theirs.id]);
    expect(idsOf(both)).toEqual([ours.id, theirs.id]);
    expect(member.events[0]).toMatchObject({
      name: 'vm.state-changed',
      departmentId: OURS,
      sequence: ours.sequence,
      data: { to: 'RUNNING' },
    });
  });

  it('that were missed come again after a resume, in order, only those that may be seen', async () => {
    const before = await publishFact(OURS);
    const missed = [await publishFact(OURS), await publishFact(THEIRS), await publishFact(OURS)];
    await pollUntil(() => app.get(EventFeed).sequence >= (missed[2]?.sequence ?? 0), {
      what: 'the events to be known',
    });
    const client = await join(others.user('USER', OURS));
    const answer = await client.resume(before.sequence);
    expect(answer).toMatchObject({ ok: true, more: false, gap: false, lastSequence: client.session.sequence });
    expect(answer.ok && answer.events.map((event) => event.id)).toEqual([missed[0]?.id, missed[2]?.id]);
  });

  it('are replayed from the stream when they are older than the memory, page by page', async () => {
    const first = await publishFact(OURS);
    for (let published = 0; published < 2_500; published += 100)
      await Promise.all(Array.from({ length: 100 }, () => publishFact(THEIRS)));
    const last = await publishFact(OURS);
    const restarted = await boot();
    const client = await TestClient.connect(await restarted.getUrl(), {
      token: await others.token(others.user('USER', OURS)),
    });
    clients.push(client);
    const ids: string[] = [];
    let afterSequence = first.sequence - 1;
    for (let more = true; more;) {
      const answer = await client.resume(afterSequence);
      if (!answer.ok) throw new Error(answer.error.code);
      ids.push(...answer.events.map((event) => event.id));
      ({ lastSequence: afterSequence, more } = answer);
    }
    expect(ids).toEqual([first.id, last.id]);
    await restarted.close();
  });

  it('of a stream that is no more are reported as a gap', async () => {
    const client = await join(others.user('USER', OURS));
    expect(await client.resume(9_000_000_000)).toMatchObject({ ok: true, gap: true, events: [] });
  });
});

describe('live metrics', () => {
  it('reach those who watch the VM, and stop with the subscription', async () => {
    const vmId = others.vm(OURS);
    const client = await join(others.user('USER', OURS));
    const other = await join(others.user('USER', OURS));
    expect(await client.subscribe(vmId)).toEqual({ ok: true });
    publishSample(OURS, vmId);
    await pollUntil(() => client.samples.length === 1, { what: 'the sample' });
    expect(client.samples[0]).toMatchObject({ vmId, metrics: { uptimeSeconds: 42 } });
    await client.socket.emitWithAck('vm:unsubscribe', { vmId });
    publishSample(OURS, vmId);
    await heard(client, await publishFact(OURS));
    expect([client.samples.length, other.samples.length]).toEqual([1, 0]);
  });

  it('of a foreign VM are as unknown as those of a VM that does not exist', async () => {
    const vmId = others.vm(THEIRS);
    const client = await join(others.user('USER', OURS));
    const [foreign, unknown] = [await client.subscribe(vmId), await client.subscribe(randomUUID())];
    expect(foreign).toMatchObject({ ok: false, error: { code: 'VM_NOT_FOUND', kind: 'not_found' } });
    expect(unknown).toMatchObject({ ok: false, error: { code: 'VM_NOT_FOUND', kind: 'not_found' } });
    publishSample(THEIRS, vmId);
    await heard(client, await publishFact(OURS));
    expect(client.samples).toEqual([]);
  });

  it('of a VM that was given to another department reach who watches it there, and nobody who did before', async () => {
    const vmId = others.vm(OURS);
    const before = await join(others.user('USER', OURS));
    const both = await join(others.user('USER', OURS, THEIRS));
    for (const client of [before, both]) expect(await client.subscribe(vmId)).toEqual({ ok: true });
    others.vms.set(vmId, THEIRS);
    const after = await join(others.user('USER', THEIRS));
    // Who watched it there, and may here, need not wait for the event.
    for (const client of [after, both]) expect(await client.subscribe(vmId)).toEqual({ ok: true });
    const haveHeard = (count: number): boolean => [after, both].every(({ samples }) => samples.length === count);
    publishSample(THEIRS, vmId);
    await pollUntil(() => haveHeard(1), { what: 'the sample, before the event' });
    const resource = { kind: 'vm', id: vmId };
    const left = newEvent(vmLeftDepartment, { departmentId: OURS, resource, data: { vmId, name: 'web-1' } });
    await jetstream(nats).publish(eventSubject(left), JSON.stringify(left));
    await pollUntil(() => before.unsubscribed.includes(vmId), { what: 'the end of the subscription' });
    publishSample(THEIRS, vmId);
    await pollUntil(() => haveHeard(2), { what: 'the sample after it' });
    expect([before.samples, after.unsubscribed, both.unsubscribed]).toEqual([[], [], []]);
    expect(await before.subscribe(vmId)).toMatchObject({ ok: false, error: { code: 'VM_NOT_FOUND' } });
  });

  it('can be watched of a bounded number of VMs', async () => {
    const client = await join(others.user('USER', OURS));
    const vmIds = Array.from({ length: 3 }, () => others.vm(OURS));
    for (const vmId of vmIds) expect(await client.subscribe(vmId)).toEqual({ ok: true });
    expect(await client.subscribe(others.vm(OURS))).toMatchObject({
      ok: false,
      error: { code: 'TOO_MANY_SUBSCRIPTIONS' },
    });
    // One that is deleted counts no longer.
    const [vmId = ''] = vmIds;
    const deleted = newEvent(vmDeleted, {
      departmentId: OURS,
      resource: { kind: 'vm', id: vmId },
      data: { vmId, name: 'web-1' },
    });
    await jetstream(nats).publish(eventSubject(deleted), JSON.stringify(deleted));
    await pollUntil(() => client.unsubscribed.includes(vmId), { what: 'the end of the subscription' });
    expect(await client.subscribe(others.vm(OURS))).toEqual({ ok: true });
  });
});

describe('messages of clients', () => {
  it.each([
    ['vm:subscribe', { vmId: '../x' }],
    ['vm:subscribe', null],
    ['resume', { afterSequence: -1 }],
    ['auth:refresh', {}],
  ])('%s with %j is refused as invalid', async (name, payload) => {
    const client = await join(others.user('USER', OURS));
    expect(await client.sendAnything(name, payload)).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } });
  });

  it('cannot choose rooms', async () => {
    const client = await join(others.user('USER', OURS));
    for (const name of ['join', 'subscribe'])
      client.socket.emit(name as 'resume', { room: `department:${THEIRS}` } as never, () => undefined);
    const theirs = await publishFact(THEIRS);
    await heard(client, await publishFact(OURS));
    expect(client.events.some((event) => event.id === theirs.id)).toBe(false);
  });

  it('of more than 16 kB end the connection', async () => {
    const client = await join(others.user('USER', OURS));
    client.socket.emit('auth:refresh', { token: 'x'.repeat(20_000) }, () => undefined);
    await pollUntil(() => client.socket.disconnected, { what: 'the end' });
  });
});

describe('sessions', () => {
  it('of a disabled user end at the first look at them, which comes within 5 s, without any event', async () => {
    const actor = others.user('USER', OURS);
    const client = await join(actor);
    others.sessions.delete(actor.sessionId);
    await pollUntil(() => client.socket.disconnected, { what: 'the end of the session' });
    expect(others.refusedSessions.filter((sessionId) => sessionId === actor.sessionId)).toHaveLength(1);
    expect(RECHECK_MS + SWEEP_MS).toBeLessThan(5_000);
    expect(client.ended).toEqual(['SESSION_ENDED']);
  });

  it('are looked at again at once when the access changed, and get nothing back by a token or a connection', async () => {
    const actor = others.user('USER', OURS);
    const client = await join(actor);
    const vmId = others.vm(OURS);
    await client.subscribe(vmId);
    others.sessions.set(actor.sessionId, { ...actor, departmentIds: [THEIRS] });
    const changed = newEvent(userAccessChanged, {
      departmentId: null,
      resource: { kind: 'user', id: actor.userId },
      data: { userId: actor.userId, disabled: false },
    });
    await jetstream(nats).publish(eventSubject(changed), JSON.stringify(changed));
    await pollUntil(() => client.unsubscribed.includes(vmId), { what: 'the loss of the VM' });
    const token = await others.token(actor);
    expect(await client.socket.emitWithAck('auth:refresh', { token })).toMatchObject({ ok: true });
    expect((await join(actor)).session.departmentIds).toEqual([THEIRS]);
    const [ours, theirs] = [await publishFact(OURS), await publishFact(THEIRS)];
    await heard(client, theirs);
    publishSample(OURS, vmId);
    // What is told after the sample.
    await heard(client, await publishFact(THEIRS));
    expect(client.events.some((event) => event.id === ours.id)).toBe(false);
    expect([client.samples.length, client.socket.connected]).toEqual([0, true]);
  });

  it('end with their token unless it is refreshed by one of the same user', async () => {
    const actor = others.user('USER', OURS);
    // Time enough to refresh one of them.
    const secondsLeft = Math.ceil(patience(1_500) / 1_000);
    // Clocks may differ by the tolerance, so that a token lives that much longer.
    const written = secondsLeft - CLOCK_TOLERANCE_SECONDS;
    const [expiring, refreshed] = [await join(actor, written), await join(actor, written)];
    const foreign = await refreshed.socket.emitWithAck('auth:refresh', {
      token: await others.token(others.user('USER', OURS)),
    });
    expect(foreign).toMatchObject({ ok: false, error: { code: 'TOKEN_INVALID' } });
    const answer = await refreshed.socket.emitWithAck('auth:refresh', { token: await others.token(actor) });
    const inFiveMinutes = new Date(Date.now() + 300_000).toISOString();
    expect(answer.ok && answer.expiresAt > inFiveMinutes).toBe(true);
    await pollUntil(() => expiring.socket.disconnected, {
      timeoutMs: secondsLeft * 1_000 + 10_000,
      what: 'the end of the token',
    });
    expect(expiring.ended).toEqual(['TOKEN_EXPIRED']);
    expect(refreshed.socket.connected).toBe(true);
  });
});

describe('the service', () => {
  it('answers /health and /metrics where operators ask, and not where browsers connect', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/METRICS/']) {
      expect((await fetch(`${healthUrl(app)}${path.toLowerCase()}`)).status).toBe(200);
      const answer = await fetch(`${url}${path}`);
      expect([answer.status, (await answer.text()).includes('infinibay_')]).toEqual([404, false]);
    }
    expect((await fetch(`${healthUrl(app)}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
  });

  it('counts connections and deliveries', async () => {
    const client = await join(others.user('USER', OURS));
    await heard(client, await publishFact(OURS));
    const text = await (await fetch(`${healthUrl(app)}/metrics`)).text();
    expect(text).toMatch(/infinibay_realtime_connections\{.*\} [1-9]/);
    expect(text).toMatch(/infinibay_realtime_deliveries_total\{[^}]*kind="event"[^}]*\} [1-9]/);
  });
});
