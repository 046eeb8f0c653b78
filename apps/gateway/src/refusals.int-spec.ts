import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Gateway, UsersProcess, type Answer } from './gateway.fixture.js';

const ME = { query: '{ me { id } }' };
const NO_JSON = '{ "query": ';
/** What needs no token. */
const TYPE = { query: '{ __typename }' };

/** What is sent, from an address of its own, with a token. */
const REFUSED: [string, string, unknown, string | undefined][] = [
  ['text that is no JSON', '192.0.2.1', NO_JSON, undefined],
  ['a query that is none', '192.0.2.2', { query: '{ me {' }, undefined],
  ['a bad token', '192.0.2.3', ME, 'not.a.token'],
];

/** A client with an address of its own, behind a proxy that is believed. */
const from = (address: string, token?: string): Record<string, string> => ({
  'x-forwarded-for': address,
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
});

describe('what is refused', () => {
  let users: UsersProcess;
  let gateway: Gateway;
  let token: string;
  beforeAll(async () => {
    users = await UsersProcess.start();
    // Four refusals in 10 s, and a user's own budget of a few more.
    gateway = await Gateway.start({
      USERS_URL: users.url,
      TRUSTED_PROXIES: '1',
      REFUSED_POINTS_PER_SECOND: '10',
      USER_POINTS_PER_SECOND: '100',
    });
    token = (await gateway.login()).accessToken;
  }, 180_000);
  afterAll(async () => {
    await gateway.stop();
    await users.stop();
  });

  const several = (ask: () => Promise<Answer>): Promise<Answer[]> => Promise.all(Array.from({ length: 8 }, ask));
  const limited = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.healthUrl}/metrics`)).text();
    return [...text.matchAll(/^infinibay_graphql_limited_total\{[^}]*reason="refusals"[^}]*\} (\d+)/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  };

  it.each(REFUSED)('counts against its address: then only a good token is served (%s)', async (...sent) => {
    const [, address, body, bad] = sent;
    const before = await limited();
    // The window of 10 s may end in the middle of it.
    const anonymous = await pollUntil(
      async () => {
        await several(() => gateway.post(body, from(address, bad)));
        const [without, wrong, good] = await Promise.all([
          gateway.post(TYPE, from(address)),
          gateway.post(TYPE, from(address, 'not.a.token')),
          gateway.post(ME, from(address, token)),
        ]);
        const isServed = wrong.code === 'RATE_LIMITED' && good.code === undefined;
        return isServed && without.code === 'RATE_LIMITED' ? without : undefined;
      },
      { timeoutMs: 60_000, what: 'the refusal' },
    );
    expect(anonymous.status).toBe(429);
    expect(Number(anonymous.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await limited()).toBeGreaterThan(before);
    expect((await gateway.post(TYPE, from('192.0.2.99'))).code).toBeUndefined();
  });

  it('counts against the user where a good token comes with it, and not against the neighbours', async () => {
    const own = (await gateway.login()).accessToken;
    const neighbours = new Set<string | undefined>();
    await pollUntil(
      async () => {
        await several(() => gateway.post(NO_JSON, from('192.0.2.4', own)));
        neighbours.add((await gateway.post(TYPE, from('192.0.2.4'))).code);
        return (await gateway.post(ME, from('192.0.2.4', own))).code === 'RATE_LIMITED';
      },
      { timeoutMs: 60_000, what: 'the refusal' },
    );
    // Its body is not even read any more.
    await pollUntil(async () => (await gateway.post(NO_JSON, from('192.0.2.4', own))).code === 'RATE_LIMITED', {
      timeoutMs: 60_000,
      what: 'the refusal of what is not read',
    });
    neighbours.add((await gateway.post(TYPE, from('192.0.2.4'))).code);
    expect([...neighbours]).toStrictEqual([undefined]);
  });

  it('is a packed body, however small', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', ...from('192.0.2.5') },
      body: gzipSync(JSON.stringify(ME)),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] });
  });
});

describe('what nobody waits for', () => {
  let silent: Server;
  let gateway: Gateway;
  beforeAll(async () => {
    silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    gateway = await Gateway.start({
      USERS_URL: `http://127.0.0.1:${String(port)}/graphql`,
      TRUSTED_PROXIES: '1',
      REFUSED_POINTS_PER_SECOND: '5',
    });
  }, 180_000);
  afterAll(async () => {
    await gateway.stop();
    silent.closeAllConnections();
    silent.close();
  });

  /** Asks, and goes away as soon as it is worked for. */
  const hangUp = async (address: string): Promise<void> => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const isWorkedFor = once(silent, 'request', { signal });
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...from(address) },
      body: JSON.stringify(ME),
      signal,
    });
    await Promise.race([isWorkedFor, answer]);
    leaving.abort();
    await Promise.allSettled([isWorkedFor, answer]);
  };

  it('counts as if it was refused', async () => {
    // Three in 10 s.
    const isLimited = async (): Promise<boolean> => {
      await hangUp('192.0.2.6');
      return (await gateway.post(TYPE, from('192.0.2.6'))).code === 'RATE_LIMITED';
    };
    await pollUntil(isLimited, { timeoutMs: 60_000, what: 'the refusal' });
    expect((await gateway.post(TYPE, from('192.0.2.99'))).code).toBeUndefined();
  });
});
