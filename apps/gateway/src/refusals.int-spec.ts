import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Gateway, UsersProcess, type Answer } from './gateway.fixture.js';

const ME = '{ me { id } }';
const NO_JSON = '{ "query": ';

describe('what is refused', () => {
  let users: UsersProcess;
  let gateway: Gateway;
  let token: string;
  beforeAll(async () => {
    users = await UsersProcess.start();
    // Four refusals in 10 s, and a user's own budget of a few more.
    gateway = await Gateway.start({
      USERS_URL: users.url,
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

  it.each([
    ['text that is no JSON', () => gateway.post(NO_JSON)],
    ['a query that is none', () => gateway.query('{ me {')],
    ['a bad token', () => gateway.query(ME, { token: 'not.a.token' })],
  ])('counts against its address: beyond its budget only a good token is served (%s)', async (_name, refused) => {
    const before = await limited();
    // The window of 10 s may end in the middle of it.
    const anonymous = await pollUntil(
      async () => {
        await several(refused);
        const [without, bad, good] = await Promise.all([
          gateway.query(ME),
          gateway.query(ME, { token: 'not.a.token' }),
          gateway.query(ME, { token }),
        ]);
        expect(good.code).toBeUndefined();
        return without.code === 'RATE_LIMITED' && bad.code === 'RATE_LIMITED' ? without : undefined;
      },
      { timeoutMs: 60_000, what: 'the refusal' },
    );
    expect(anonymous.status).toBe(429);
    expect(Number(anonymous.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await limited()).toBeGreaterThan(before);
  });

  it('counts against the user as well where a good token comes with it', async () => {
    const own = (await pollUntil(() => gateway.login(), { timeoutMs: 60_000, what: 'a login' })).accessToken;
    await pollUntil(
      async () => {
        await several(() => gateway.post(NO_JSON, { authorization: `Bearer ${own}` }));
        return (await gateway.query(ME, { token: own })).code === 'RATE_LIMITED';
      },
      { timeoutMs: 60_000, what: 'the refusal' },
    );
  });

  it('is a packed body, however small', async () => {
    const answer = async (): Promise<{ errors: { extensions: { code: string } }[] }> => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: gzipSync(JSON.stringify({ query: ME })),
      });
      return (await response.json()) as { errors: { extensions: { code: string } }[] };
    };
    const codes = new Set<string | undefined>();
    await pollUntil(
      async () => {
        const code = (await answer()).errors[0]?.extensions.code;
        codes.add(code);
        return code === 'INVALID_INPUT';
      },
      { timeoutMs: 60_000, what: 'the refusal' },
    );
    expect([...codes].every((code) => code === 'INVALID_INPUT' || code === 'RATE_LIMITED')).toBe(true);
  });
});
