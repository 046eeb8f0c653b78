import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { verifyAccessToken } from '@infinibay/platform-access';
import { CLOCK_TOLERANCE_SECONDS } from '@infinibay/platform-messaging';
import type { JSONWebKeySet } from 'jose';
import { ADMIN, UsersService } from '../users-service.fixture.js';

const LOGIN = `mutation ($email: String!, $password: String!) {
  login(email: $email, password: $password) { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }
}`;
const REFRESH = 'mutation ($token: String!) { refreshSession(refreshToken: $token) { accessToken refreshToken } }';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

let users: UsersService;
beforeAll(async () => {
  users = await UsersService.start({ LOGIN_ATTEMPTS_PER_ACCOUNT: '5', LOGIN_ATTEMPTS_PER_ADDRESS: '8' });
});
afterAll(() => users.stopAndDrop());

const login = async (address = '198.51.100.1'): Promise<Tokens> =>
  (await users.ask<{ login: Tokens }>(LOGIN, { variables: { ...ADMIN }, address })).login;
const refresh = (token: string, address = '198.51.100.1') => users.call(REFRESH, { variables: { token }, address });

describe('login', () => {
  it('gives an EdDSA token, accepted for 10 minutes at most, that the published keys verify', async () => {
    const { accessToken } = await login();
    const keys = (await (await fetch(`${users.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.keys[0]?.kid });
    const claims = decodeJwt(accessToken);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600 - CLOCK_TOLERANCE_SECONDS);
    await expect(verifyAccessToken(accessToken, keys)).resolves.toMatchObject({ sessionId: claims['sid'] });
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });

  it('accepts the e-mail in any case', async () => {
    const variables = { email: ` ${ADMIN.email.toUpperCase()} `, password: ADMIN.password };
    expect((await users.call(LOGIN, { variables, address: '198.51.100.2' })).code).toBeUndefined();
  });

  it('answers unknown users and wrong passwords alike, after the same work', async () => {
    const hashes = async (): Promise<number> => {
      const text = await (await fetch(`${users.url}/metrics`)).text();
      return Number(/^infinibay_password_hashes_total\S* (\d+)$/m.exec(text)?.[1]);
    };
    const attempt = async (email: string) => {
      const before = await hashes();
      const { code, errors } = await users.call(LOGIN, {
        variables: { email, password: 'not the password' },
        address: '198.51.100.3',
      });
      return { code, message: errors[0]?.message, hashes: (await hashes()) - before };
    };
    const unknown = await attempt('nobody@example.org');
    expect(unknown).toMatchObject({ code: 'INVALID_CREDENTIALS', hashes: 1 });
    expect(await attempt(ADMIN.email)).toEqual(unknown);
    await login('198.51.100.4');
  });

  it('stores the password as Argon2id and refresh tokens only as hashes', async () => {
    const { refreshToken } = await login();
    const { passwordHash } = await users.database.user.findUniqueOrThrow({ where: { email: ADMIN.email } });
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const rows = await users.database.$queryRawUnsafe<{ text: string }[]>(
      'SELECT refresh_tokens::text AS text FROM refresh_tokens',
    );
    expect(JSON.stringify(rows)).not.toContain(refreshToken);
  });

  const guess = (email: string, address: string, service = users) =>
    service.call(LOGIN, { variables: { email, password: 'guess number ...' }, address });

  it('closes an account to an address after too many failures, even to parallel ones, and to no other address', async () => {
    const email = 'target@example.org';
    const answers = await Promise.all(Array.from({ length: 20 }, () => guess(email, '203.0.113.1')));
    const codes = answers.map((answer) => answer.code);
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5);
    expect(codes.filter((code) => code === 'TOO_MANY_ATTEMPTS')).toHaveLength(15);
    const refused = answers.find((answer) => answer.code === 'TOO_MANY_ATTEMPTS');
    expect(refused?.errors[0]?.extensions.details['retryAfterSeconds']).toBeGreaterThan(0);
    expect((await guess(email, '203.0.113.2')).code).toBe('INVALID_CREDENTIALS');
  });

  it("never locks an administrator out by a stranger's wrong passwords, again and again", async () => {
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 12 }, () => guess(ADMIN.email, '203.0.113.66')));
      await login('198.51.100.77');
    }
  });

  it('slows an account that is tried from everywhere for strangers, and not for who logged in before', async () => {
    const slow = await UsersService.startOn(users.databases, {
      LOGIN_ACCOUNT_SLOW_AFTER: '6',
      LOGIN_ACCOUNT_SLOW_SECONDS: '300',
    });
    await login('198.51.100.88');
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => guess(ADMIN.email, `203.0.113.${100 + index}`, slow)),
    );
    const looked = answers.filter((answer) => answer.code === 'INVALID_CREDENTIALS').length;
    // What is left of six, and the one attempt that passes in 300 seconds.
    expect(looked).toBeGreaterThan(0);
    expect(looked).toBeLessThanOrEqual(7);
    const known = await slow.call(LOGIN, { variables: { ...ADMIN }, address: '198.51.100.88' });
    expect(known.code).toBeUndefined();
    await users.database.loginThrottle.deleteMany({ where: { key: { contains: 'account:' } } });
    await slow.stop();
  });

  it('looks at no more right passwords in a minute than it is told to', async () => {
    const few = await UsersService.startOn(users.databases, { LOGINS_PER_MINUTE: '4' });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => few.call(LOGIN, { variables: { ...ADMIN }, address: '198.51.100.99' })),
    );
    expect(answers.filter((answer) => answer.code === undefined).length).toBeLessThanOrEqual(4);
    await login('198.51.100.98');
    await few.stop();
  });

  it('refuses an address after too many failures, on every instance, with the right password too', async () => {
    const other = await UsersService.startOn(users.databases, { LOGIN_ATTEMPTS_PER_ADDRESS: '8' });
    const address = '203.0.113.200';
    for (let index = 0; index < 8; index += 1) await guess(`user-${index}@example.org`, address);
    const answer = await other.call(LOGIN, { variables: { ...ADMIN }, address });
    expect(answer.code).toBe('TOO_MANY_ATTEMPTS');
    await other.stop();
  });

  it('counts a network of IPv6 as one address, and no other', async () => {
    for (let index = 0; index < 8; index += 1) await guess(`visitor-${index}@example.org`, `2001:db8:7:7::${index}`);
    const answers = [
      await guess('visitor-8@example.org', '2001:db8:7:7:ffff::8'),
      await guess('visitor-8@example.org', '2001:db8:7:8::8'),
    ];
    expect(answers.map(({ code }) => code)).toEqual(['TOO_MANY_ATTEMPTS', 'INVALID_CREDENTIALS']);
  });

  it('records failures and successes in the audit log without the password', async () => {
    const entries = await users.database.auditEntry.findMany({ where: { verb: 'login' } });
    expect(new Set(entries.map((entry) => entry.result))).toEqual(new Set(['ok', 'INVALID_CREDENTIALS']));
    expect(entries.every((entry) => entry.correlationId.length > 0)).toBe(true);
  });
});

describe('refreshSession', () => {
  it('gives new tokens of the same session, each time', async () => {
    const first = await login();
    const second = await refresh(first.refreshToken);
    const tokens = second.data?.['refreshSession'] as Tokens;
    expect(tokens.refreshToken).not.toBe(first.refreshToken);
    expect(decodeJwt(tokens.accessToken)['sid']).toBe(decodeJwt(first.accessToken)['sid']);
    expect((await refresh(tokens.refreshToken)).code).toBeUndefined();
  });

  /** As if the grace were over: the database's clock counts. */
  const age = () =>
    users.database.$executeRawUnsafe(`UPDATE refresh_tokens SET used_at = used_at - interval '1 minute'`);

  it('ends the whole session when a token is used again later', async () => {
    const first = await login();
    const next = (await refresh(first.refreshToken)).data?.['refreshSession'] as Tokens;
    await age();
    expect((await refresh(first.refreshToken)).code).toBe('SESSION_ENDED');
    expect((await refresh(next.refreshToken)).code).toBe('SESSION_ENDED');
    const session = await users.database.session.findUniqueOrThrow({
      where: { id: String(decodeJwt(first.accessToken)['sid']) },
    });
    expect(session.endReason).toBe('refresh-token-reused');
  });

  it('serves two tabs that refresh together and a retry, each with tokens that go on', async () => {
    const { refreshToken } = await login();
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    answers.push(await refresh(refreshToken));
    const tokens = answers.map((answer) => answer.data?.['refreshSession'] as Tokens);
    expect(new Set(tokens.map((one) => one.refreshToken)).size).toBe(3);
    await age();
    for (const one of tokens) expect((await refresh(one.refreshToken)).code).toBeUndefined();
  });

  it('ends the session at once when another client uses the token again', async () => {
    const { refreshToken } = await login();
    const next = (await refresh(refreshToken)).data?.['refreshSession'] as Tokens;
    expect((await refresh(refreshToken, '203.0.113.99')).code).toBe('SESSION_ENDED');
    expect((await refresh(next.refreshToken)).code).toBe('SESSION_ENDED');
  });

  it('ends the session when one token is used more often than tabs explain', async () => {
    const { refreshToken } = await login();
    const codes: (string | undefined)[] = [];
    for (let use = 0; use < 12; use += 1) codes.push((await refresh(refreshToken)).code);
    expect(codes.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => undefined));
    expect(codes.slice(9)).toEqual(['SESSION_ENDED', 'SESSION_ENDED', 'SESSION_ENDED']);
  });

  it('refuses what was never a token, and an expired one', async () => {
    expect((await refresh('x')).code).toBe('TOKEN_INVALID');
    expect((await refresh('A'.repeat(43))).code).toBe('TOKEN_INVALID');
    const { refreshToken } = await login();
    await users.database.refreshToken.updateMany({ where: { usedAt: null }, data: { expiresAt: new Date(0) } });
    expect((await refresh(refreshToken)).code).toBe('TOKEN_EXPIRED');
  });
});

describe('start', () => {
  it('makes one signing key and one administrator however many instances start together', async () => {
    const others = await Promise.all([UsersService.startOn(users.databases), UsersService.startOn(users.databases)]);
    expect(await users.database.signingKey.count()).toBe(1);
    expect(await users.database.user.count({ where: { role: 'ADMIN' } })).toBe(1);
    await Promise.all(others.map((other) => other.stop()));
  });

  it('keeps the private key sealed, and takes a new one when INTERNAL_KEY changed', async () => {
    const [row] = await users.database.signingKey.findMany();
    expect(Buffer.from(row?.sealedJwk ?? []).toString('latin1')).not.toContain('"d"');
    const other = await UsersService.startOn(users.databases, {
      INTERNAL_KEY: 'another internal key, with 32 or more',
    });
    const keys = await users.database.signingKey.findMany({ where: { retiredAt: null } });
    expect(keys).toHaveLength(1);
    expect(keys[0]?.id).not.toBe(row?.id);
    await other.stop();
  });
});
