import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { verifyAccessToken } from '@infinibay/platform-access';
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
const refresh = (token: string) => users.call(REFRESH, { variables: { token } });

describe('login', () => {
  it('gives an EdDSA token of 10 minutes that the published keys verify', async () => {
    const { accessToken } = await login();
    const keys = (await (await fetch(`${users.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.keys[0]?.kid });
    const claims = decodeJwt(accessToken);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(600);
    await expect(verifyAccessToken(accessToken, keys)).resolves.toMatchObject({ sessionId: claims['sid'] });
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });

  it('accepts the e-mail in any case', async () => {
    const variables = { email: ` ${ADMIN.email.toUpperCase()} `, password: ADMIN.password };
    expect((await users.call(LOGIN, { variables, address: '198.51.100.2' })).code).toBeUndefined();
  });

  it('answers unknown users and wrong passwords alike, after about the same work', async () => {
    const attempt = async (email: string) => {
      // Of the whole process: the hash is made on another thread.
      const before = process.cpuUsage();
      const { code, errors } = await users.call(LOGIN, {
        variables: { email, password: 'not the password' },
        address: '198.51.100.3',
      });
      const { user, system } = process.cpuUsage(before);
      return { code, message: errors[0]?.message, cpuMs: (user + system) / 1_000 };
    };
    await attempt('warm-up@example.org');
    const unknown = await attempt('nobody@example.org');
    const known = await attempt(ADMIN.email);
    expect(unknown.code).toBe('INVALID_CREDENTIALS');
    expect({ ...known, cpuMs: 0 }).toEqual({ ...unknown, cpuMs: 0 });
    expect(Math.min(known.cpuMs, unknown.cpuMs) / Math.max(known.cpuMs, unknown.cpuMs)).toBeGreaterThan(0.2);
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

  it('closes an account after too many failures, even to parallel attempts from many addresses, and no other one', async () => {
    const email = 'target@example.org';
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        users.call(LOGIN, { variables: { email, password: 'guess number ...' }, address: `203.0.113.${index}` }),
      ),
    );
    const codes = answers.map((answer) => answer.code);
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5);
    expect(codes.filter((code) => code === 'TOO_MANY_ATTEMPTS')).toHaveLength(15);
    const refused = answers.find((answer) => answer.code === 'TOO_MANY_ATTEMPTS');
    expect(refused?.errors[0]?.extensions.details['retryAfterSeconds']).toBeGreaterThan(0);
    await login();
  });

  it('refuses an address after too many failures, on every instance, with the right password too', async () => {
    const other = await UsersService.startOn(users.databases, { LOGIN_ATTEMPTS_PER_ADDRESS: '8' });
    const address = '203.0.113.200';
    for (let index = 0; index < 8; index += 1) {
      await users.call(LOGIN, { variables: { email: `user-${index}@example.org`, password: 'guess' }, address });
    }
    const answer = await other.call(LOGIN, { variables: { ...ADMIN }, address });
    expect(answer.code).toBe('TOO_MANY_ATTEMPTS');
    await other.stop();
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

  it('ends the whole session when a token is used again', async () => {
    const first = await login();
    const next = (await refresh(first.refreshToken)).data?.['refreshSession'] as Tokens;
    expect((await refresh(first.refreshToken)).code).toBe('SESSION_ENDED');
    expect((await refresh(next.refreshToken)).code).toBe('SESSION_ENDED');
    const session = await users.database.session.findUniqueOrThrow({
      where: { id: String(decodeJwt(first.accessToken)['sid']) },
    });
    expect(session.endReason).toBe('refresh-token-reused');
  });

  it('lets one of two parallel uses through at most, and ends the session', async () => {
    const { refreshToken } = await login();
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(answers.map((answer) => answer.code).sort()).toEqual(['SESSION_ENDED', undefined]);
    const winner = answers.find((answer) => answer.code === undefined)?.data?.['refreshSession'] as Tokens;
    expect((await refresh(winner.refreshToken)).code).toBe('SESSION_ENDED');
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
