import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '@infinibay/contracts';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type CryptoKey, type JSONWebKeySet } from 'jose';
import { ACCESS_TOKEN_SECONDS, signAccessToken, verifyAccessToken } from './access-token.js';
import { bearerToken } from './actor-resolver.js';
import { signActor, verifyActor } from './internal-token.js';

const claims = { userId: randomUUID(), sessionId: randomUUID() };

describe('access tokens', () => {
  let key: CryptoKey;
  let stranger: CryptoKey;
  let keys: JSONWebKeySet;

  beforeAll(async () => {
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    key = pair.privateKey;
    stranger = (await generateKeyPair('EdDSA')).privateKey;
    keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' }] };
  });

  /** A token like ours but for one thing. */
  const forged = (change: (token: SignJWT) => SignJWT, header: Record<string, unknown> = {}): SignJWT =>
    change(
      new SignJWT({ sid: claims.sessionId })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k1', ...header })
        .setIssuer('infinibay')
        .setAudience('infinibay-api')
        .setSubject(claims.userId)
        .setIssuedAt()
        .setExpirationTime('10m'),
    );

  it('name user and session', async () => {
    await expect(verifyAccessToken(await signAccessToken(claims, key, 'k1'), keys)).resolves.toEqual(claims);
  });

  it('are refused when anything about them is not ours', async () => {
    const tokens = await Promise.all([
      forged((token) => token).sign(stranger),
      forged((token) => token.setIssuer('other')).sign(key),
      forged((token) => token.setAudience('other')).sign(key),
      forged((token) => token, { typ: 'JWT' }).sign(key),
      forged((token) => token, { kid: 'k2' }).sign(key),
      forged((token) => token.setIssuedAt(Math.floor(Date.now() / 1_000) - 7_200).setExpirationTime('2h')).sign(key),
      forged((token) => token, { alg: 'HS256' }).sign(new TextEncoder().encode('the public key as a shared secret')),
    ]);
    const unsecured = new UnsecuredJWT({ sid: claims.sessionId })
      .setIssuer('infinibay')
      .setAudience('infinibay-api')
      .setSubject(claims.userId)
      .encode();
    for (const token of [...tokens, unsecured, 'nonsense', '', 'a.b.c']) {
      await expect(verifyAccessToken(token, keys)).rejects.toMatchObject({ kind: 'unauthenticated' });
    }
  });

  it.each([-120, -3, -1, 1, 3, 120])('hold when the issuer is %i seconds ahead', async (seconds) => {
    const issuedAt = new Date(Date.now() + seconds * 1_000);
    await expect(verifyAccessToken(await signAccessToken(claims, key, 'k1', issuedAt), keys)).resolves.toEqual(claims);
    // Used in its last second, by the issuer's clock.
    const last = new Date(issuedAt.getTime() - (ACCESS_TOKEN_SECONDS - 1) * 1_000);
    await expect(verifyAccessToken(await signAccessToken(claims, key, 'k1', last), keys)).resolves.toEqual(claims);
  });

  it('are accepted for ten minutes at most where the clocks agree, and never from far ahead', async () => {
    const old = await signAccessToken(claims, key, 'k1', new Date(Date.now() - 602_000));
    await expect(verifyAccessToken(old, keys)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    const early = await signAccessToken(claims, key, 'k1', new Date(Date.now() + 3_600_000));
    await expect(verifyAccessToken(early, keys)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  it('say when they are expired', async () => {
    const expired = await forged((token) =>
      token.setIssuedAt(Math.floor(Date.now() / 1_000) - 360).setExpirationTime(Math.floor(Date.now() / 1_000) - 152),
    ).sign(key);
    await expect(verifyAccessToken(expired, keys)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('are read from a bearer header only', () => {
    expect(bearerToken(undefined)).toBeUndefined();
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) expect(bearerToken(`${scheme} a.b.c`)).toBe('a.b.c');
    for (const header of ['Basic abc', 'Bearer ', 'Bearer a b', 'Bearera.b.c', 'xBearer a.b.c'])
      expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
  });
});

describe('actor tokens between our services', () => {
  const internalKey = 'k'.repeat(32);
  const actor: Actor = { userId: randomUUID(), sessionId: randomUUID(), role: 'USER', departmentIds: [randomUUID()] };

  it('carry the actor, or nobody', async () => {
    await expect(verifyActor(await signActor(actor, internalKey), internalKey)).resolves.toEqual(actor);
    await expect(verifyActor(await signActor(null, internalKey), internalKey)).resolves.toBeNull();
  });

  it.each([-120, -1, 1, 120])('hold when the gateway is %i seconds ahead', async (seconds) => {
    const now = Math.floor(Date.now() / 1_000) + seconds;
    const token = await new SignJWT({ actor })
      .setProtectedHeader({ alg: 'HS256', typ: 'infinibay-actor+jwt' })
      .setAudience('infinibay-subgraphs')
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(new TextEncoder().encode(internalKey));
    await expect(verifyActor(token, internalKey)).resolves.toEqual(actor);
  });

  it('are refused when missing, made with another key, or with an actor that is none', async () => {
    const odd = await new SignJWT({ actor: { role: 'ROOT' } })
      .setProtectedHeader({ alg: 'HS256', typ: 'infinibay-actor+jwt' })
      .setAudience('infinibay-subgraphs')
      .setExpirationTime('1m')
      .sign(new TextEncoder().encode(internalKey));
    for (const token of [undefined, '', await signActor(actor, 'x'.repeat(32)), odd]) {
      await expect(verifyActor(token, internalKey)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});
