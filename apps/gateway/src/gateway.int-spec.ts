import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, generateKeyPair } from 'jose';
import { ACTOR_HEADER, signActor } from '@infinibay/platform-access';
import { patience, pollUntil } from '@infinibay/testing';
import { ADMIN, Gateway, INTERNAL_KEY, UsersProcess } from './gateway.fixture.js';

let users: UsersProcess;
let gateway: Gateway;
beforeAll(async () => {
  users = await UsersProcess.start();
  gateway = await Gateway.start({ USERS_URL: users.url });
});
afterAll(async () => {
  await gateway.stop();
  await users.stop();
});

const ME = '{ me { id email role } }';
const repeat = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

describe('a request through the gateway', () => {
  it('is answered as the user of its token', async () => {
    const { accessToken } = await gateway.login();
    const answer = await gateway.query(ME, { token: accessToken });
    expect(answer.data).toEqual({ me: { id: decodeJwt(accessToken).sub, email: ADMIN.email, role: 'ADMIN' } });
  });

  it('without a token is anonymous', async () => {
    const answer = await gateway.query(ME);
    expect(answer).toMatchObject({ status: 200, code: 'UNAUTHENTICATED' });
  });

  it('keeps code, kind and details of a subgraph error', async () => {
    const { accessToken } = await gateway.login();
    const answer = await gateway.query('{ user(id: "nobody") { id } }', { token: accessToken });
    expect(answer.errors[0]).toMatchObject({
      path: ['user'],
      extensions: { code: 'USER_NOT_FOUND', kind: 'not_found', details: { userId: 'nobody' } },
    });
  });

  it('cannot say itself who it is', async () => {
    const forged = await signActor(
      {
        userId: '0196f5a0-0000-7000-8000-0000000000a1',
        sessionId: '0196f5a0-0000-7000-8000-0000000000a2',
        role: 'ADMIN',
        departmentIds: [],
      },
      'some other key of 32 characters or more',
    );
    expect((await gateway.post({ query: ME }, { [ACTOR_HEADER]: forged })).code).toBe('UNAUTHENTICATED');
    const direct = await fetch(users.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [ACTOR_HEADER]: forged },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
    });
    expect(direct.status).toBe(401);
  });

  it('carries all departments of its user, as many as there may be', async () => {
    const departmentIds = Array.from({ length: 10_000 }, () => randomUUID());
    const actor = { userId: randomUUID(), sessionId: randomUUID(), role: 'USER', departmentIds } as const;
    const answer = await fetch(users.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [ACTOR_HEADER]: await signActor(actor, INTERNAL_KEY) },
      body: JSON.stringify({ query: '{ me { id } }' }),
    });
    expect(answer.status).toBe(200);
    // Nobody is there with that id: it came as far as being looked for.
    expect(await answer.text()).toContain(actor.userId);
  });

  it('is not disturbed by strangers with invented keys and actors', async () => {
    const { accessToken } = await gateway.login();
    // A session that was confirmed once outlives an answer that comes too late beside the strangers.
    expect((await gateway.query(ME, { token: accessToken })).code).toBeUndefined();
    const payload = decodeJwt(accessToken);
    const { privateKey } = await generateKeyPair('EdDSA');
    const forged = (index: number) =>
      new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: `k${index}` }).sign(privateKey);
    const actor = new UnsecuredJWT({ actor: { userId: 'x'.repeat(200) } }).encode();
    const headers = { [ACTOR_HEADER]: actor };
    for (let round = 0; round < 5; round += 1) {
      const strangers = Array.from({ length: 10 }, async (_, index) =>
        gateway.post({ query: ME }, { ...headers, authorization: `Bearer ${await forged(index)}` }),
      );
      const own = Array.from({ length: 4 }, () =>
        gateway.post({ query: ME }, { ...headers, authorization: `bearer ${accessToken}` }),
      );
      for (const answer of await Promise.all(strangers)) expect(answer.code).toBe('TOKEN_INVALID');
      for (const answer of await Promise.all(own)) expect(answer.code).toBeUndefined();
    }
  });

  it('is answered to pages of the origins that are set, and preflights too', async () => {
    const open = await Gateway.start({ USERS_URL: users.url, CORS_ORIGINS: 'https://app.example.org' });
    const preflight = (origin: string) =>
      fetch(`${open.url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      });
    const allowed = await preflight('https://app.example.org');
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://app.example.org',
    ]);
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    await open.stop();
  });

  it('costs its own caller only: a user who asks too much is told when to come again', async () => {
    const strict = await Gateway.start({ USERS_URL: users.url, USER_POINTS_PER_SECOND: '10' });
    const { accessToken } = await strict.login();
    const answers = await Promise.all(Array.from({ length: 20 }, () => strict.query(ME, { token: accessToken })));
    const limited = answers.filter(({ code }) => code === 'RATE_LIMITED');
    expect(limited.length).toBeGreaterThan(0);
    expect(answers.some(({ code }) => code === undefined)).toBe(true);
    expect(limited[0]?.status).toBe(429);
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await strict.query(ME)).code).toBe('UNAUTHENTICATED');
    await strict.stop();
  });

  it('that is wrong in a hundred places is told of some of them, in few words', async () => {
    const name = 'q'.repeat(20_000);
    const { status, code, errors } = await gateway.query(
      `query ${name}(${repeat(100, (index) => `$a${index}: Int`)}) { __typename }`,
    );
    expect({ status, code }).toEqual({ status: 400, code: 'INVALID_INPUT' });
    expect(errors.length).toBeGreaterThan(1);
    expect(JSON.stringify(errors).length).toBeLessThan(10_000);
  });

  it('carries its correlation id through, and gets one when it has none', async () => {
    const answer = await gateway.post({ query: ME }, { 'x-correlation-id': 'trace-42' });
    expect(answer.headers.get('x-correlation-id')).toBe('trace-42');
    expect((await gateway.query(ME)).headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('loses its rights soon after the logout, with no other sign than that', async () => {
    const { accessToken } = await gateway.login();
    await gateway.query(ME, { token: accessToken });
    expect((await gateway.query('mutation { logout }', { token: accessToken })).data).toEqual({ logout: true });
    const ended = async () => (await gateway.query(ME, { token: accessToken })).code === 'SESSION_ENDED';
    await pollUntil(ended, { what: 'the session to end' });
    expect((await gateway.query(ME, { token: accessToken })).status).toBe(401);
  });
});

describe('a token', () => {
  const claims = async () => {
    const { accessToken } = await gateway.login();
    return { accessToken, header: decodeProtectedHeader(accessToken), payload: decodeJwt(accessToken) };
  };
  const refused = async (token: string, code = 'TOKEN_INVALID') => {
    expect(await gateway.query(ME, { token })).toMatchObject({ status: 401, code, data: null });
  };

  it('with a changed payload or signature is refused', async () => {
    const { accessToken, payload } = await claims();
    const [header = '', , signature = ''] = accessToken.split('.');
    const changed = Buffer.from(JSON.stringify({ ...payload, sub: '0196f5a0-0000-7000-8000-0000000000a1' })).toString(
      'base64url',
    );
    await refused(`${header}.${changed}.${signature}`);
    await refused(`${accessToken.slice(0, -4)}AAAA`);
    await refused('not-a-token');
  });

  it('without a signature is refused', async () => {
    const { payload, header } = await claims();
    await refused(new UnsecuredJWT(payload).encode());
    const none = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
    await refused(`${none}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.`);
  });

  it('signed with the public key as if it were a secret is refused', async () => {
    const { payload, header } = await claims();
    const { keys } = (await (await fetch(new URL('/.well-known/jwks.json', users.url))).json()) as {
      keys: { x: string }[];
    };
    const secret = Buffer.from(keys[0]?.x ?? '', 'base64url');
    await refused(await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'HS256' }).sign(secret));
  });

  it('of another key, with our key id or its own, is refused', async () => {
    const { payload, header } = await claims();
    const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    await refused(await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'EdDSA' }).sign(privateKey));
    await refused(
      await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'EdDSA', kid: 'other' }).sign(privateKey),
    );
  });
});

describe('a request that would cost too much', () => {
  const bomb = `{ me { ...f0 } } ${repeat(20, (level) => `fragment f${level} on User { ...f${level + 1} ...f${level + 1} }`)} fragment f20 on User { id }`;
  const served = async (): Promise<number> => {
    const text = await (await fetch(`${gateway.healthUrl}/metrics`)).text();
    return [...text.matchAll(/^infinibay_graphql_request_seconds_count\{[^}]*\} (\d+)/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  };

  it.each([
    ['a fragment bomb', { query: bomb }, 'QUERY_TOO_COMPLEX'],
    [
      'a thousand logins',
      {
        query: `mutation { ${repeat(1_000, (index) => `a${index}: login(email: "a@b.cd", password: "x") { accessToken }`)} }`,
      },
      'QUERY_TOO_COMPLEX',
    ],
    [
      'fifty logins',
      {
        query: `mutation { ${repeat(50, (index) => `a${index}: login(email: "a@b.cd", password: "x") { accessToken }`)} }`,
      },
      'QUERY_TOO_COMPLEX',
    ],
    ['a batch', Array.from({ length: 100 }, () => ({ query: ME })), 'QUERY_TOO_COMPLEX'],
    ['a circle of fragments', { query: '{ me { ...a } } fragment a on User { ...a }' }, 'QUERY_TOO_COMPLEX'],
    [
      'a deep query',
      { query: `{ me { ${'departments { members { nodes { '.repeat(5)}id${' } } }'.repeat(5)} } }` },
      'QUERY_TOO_COMPLEX',
    ],
    ['a body over 256 kB', { query: `{ me { id } } #${'x'.repeat(300_000)}` }, 'REQUEST_TOO_LARGE'],
    ['text that is no JSON', '{ "query": ', 'INVALID_INPUT'],
  ])('is refused within 100 ms of the processor before planning: %s', async (_name, body, code) => {
    await gateway.query(ME);
    const before = await served();
    const answer = await gateway.post(body);
    expect(answer).toMatchObject({ code, data: null, status: code === 'REQUEST_TOO_LARGE' ? 413 : 400 });
    // The least of a few: the first ones compile what they run.
    const again = [await gateway.post(body), await gateway.post(body), await gateway.post(body)];
    expect(Math.min(answer.cpuMs, ...again.map(({ cpuMs }) => cpuMs))).toBeLessThan(100);
    expect(await served()).toBe(before);
  });

  it('cannot come from a form or a link of another site', async () => {
    const form = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ query: ME }),
    });
    const link = await fetch(`${gateway.url}/graphql?query=${encodeURIComponent(ME)}`);
    expect([form.status, link.status]).toEqual([400, 400]);
  });
});

describe('the schema', () => {
  it('is told in development and not in production', async () => {
    const introspect = { query: '{ __schema { queryType { name } } }' };
    expect((await gateway.post(introspect)).data).toEqual({ __schema: { queryType: { name: 'Query' } } });
    const production = await Gateway.start({ USERS_URL: users.url, NODE_ENV: 'production' });
    expect(await production.post(introspect)).toMatchObject({ code: 'INVALID_INPUT', status: 400 });
    expect((await fetch(`${production.url}/graphiql`)).status).toBe(404);
    const misspelt = await production.post({ query: '{ mee { id } }' });
    expect(misspelt.code).toBe('INVALID_INPUT');
    expect(JSON.stringify(misspelt)).not.toContain('Did you mean');
    expect(JSON.stringify(await gateway.post({ query: '{ mee { id } }' }))).toContain('Did you mean');
    await production.stop();
  });

  it('has a page to try it that loads nothing from elsewhere', async () => {
    const response = await fetch(`${gateway.url}/graphiql`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(page).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)=["']https?:/);
    expect(page).toContain('"endpoint":"/graphql"');
  });
});

describe('a subgraph that does not work', () => {
  let silent: Server;
  beforeAll(async () => {
    silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterAll(() => {
    silent.closeAllConnections();
    silent.close();
  });

  it('is an error of its fields when it is down', async () => {
    const lonely = await Gateway.start({ USERS_URL: 'http://127.0.0.1:9/graphql' });
    const answer = await lonely.query(ME);
    expect(answer.errors[0]?.extensions).toEqual({
      code: 'SERVICE_UNAVAILABLE',
      kind: 'unavailable',
      details: { service: 'users' },
    });
    const ready = await fetch(`${lonely.healthUrl}/health/ready`);
    expect(ready.status).toBe(503);
    const { dependencies } = (await ready.json()) as { dependencies: { name: string; ok: boolean }[] };
    expect(Object.fromEntries(dependencies.map(({ name, ok }) => [name, ok]))).toMatchObject({
      nats: true,
      users: false,
    });
    await lonely.stop();
  });

  it('is told how long the gateway waits, and not worked for after that', async () => {
    const seen: { deadline: unknown; gone: Promise<unknown> }[] = [];
    const slow = createServer((request, response) => {
      if (request.url === '/graphql') {
        const gone = once(response, 'close');
        seen.push({ deadline: request.headers['x-infinibay-deadline-ms'], gone });
      }
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const address = slow.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const impatient = await Gateway.start({
      USERS_URL: `http://127.0.0.1:${port}/graphql`,
      REQUEST_TIMEOUT_MS: String(patience(300)),
    });
    // A busy machine may use the time up before the subgraph is asked.
    await pollUntil(
      async () => {
        expect((await impatient.query(ME)).code).toBe('DEADLINE_EXCEEDED');
        return seen.length > 0;
      },
      { timeoutMs: 30_000, what: 'the subgraph to be asked' },
    );
    expect(Number(seen[0]?.deadline)).toBeLessThanOrEqual(patience(300));
    await seen[0]?.gone;
    await impatient.stop();
    slow.close();
  });

  it('is an error of its fields when it does not answer in time', async () => {
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const impatient = await Gateway.start({
      USERS_URL: `http://127.0.0.1:${port}/graphql`,
      SUBGRAPH_TIMEOUT_MS: '200',
    });
    const answer = await impatient.query(ME);
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'DEADLINE_EXCEEDED', kind: 'timeout' });
    await impatient.stop();
  });
});
