import { DomainError, type Actor } from '@infinibay/contracts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type CryptoKey, type JSONWebKeySet } from 'jose';
import { signAccessToken } from './access-token.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ActorResolver } from './actor-resolver.js';
import type { SessionSource } from './session-source.js';

const claims = { userId: 'u1', sessionId: 's1' };
const actor: Actor = { ...claims, role: 'USER', departmentIds: ['d1'] };

describe(AccessTokenStrategy.name, () => {
  let key: CryptoKey;
  let keys: JSONWebKeySet;
  beforeAll(async () => {
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    key = pair.privateKey;
    keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'EdDSA', use: 'sig' }] };
  });

  const resolver = (source: Partial<SessionSource> = {}): ActorResolver =>
    new ActorResolver(
      new AccessTokenStrategy({
        resolveSession: () => Promise.resolve(actor),
        signingKeys: () => Promise.resolve(keys),
        ...source,
      }),
    );
  const token = (kid = 'k1'): Promise<string> => signAccessToken(claims, key, kid);
  const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
    answer.then(
      () => 'accepted',
      (error: unknown) => (error instanceof DomainError ? error.code : error),
    );

  it('gives the actor of a session that is open, again and for many at once', async () => {
    const sut = resolver();
    const mine = await token();
    await expect(Promise.all(Array.from({ length: 20 }, () => sut.resolve(mine)))).resolves.toEqual(
      Array.from({ length: 20 }, () => actor),
    );
  });

  it('refuses what is no token of ours', async () => {
    const sut = resolver();
    const good = await token();
    const shared = new SignJWT({ sid: 's1' }).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' });
    const tokens = [
      '',
      ' ',
      'nonsense',
      `${good} `,
      `${good} more`,
      `${good.slice(0, -4)}AAAA`,
      await token('k2'),
      await shared.setSubject('u1').sign(new TextEncoder().encode(JSON.stringify(keys.keys[0]))),
      new UnsecuredJWT({ sid: 's1' }).setSubject('u1').encode(),
      'a'.repeat(3_000),
    ];
    const codes = await Promise.all(tokens.map((one) => codeOf(sut.resolve(one))));
    expect(codes).toEqual(tokens.map(() => 'TOKEN_INVALID'));
    const old = signAccessToken(claims, key, 'k1', new Date(Date.now() - 3_600_000));
    expect(await codeOf(sut.resolve(await old))).toBe('TOKEN_EXPIRED');
  });

  it('says that the session has ended, that users does not answer, and throws what is nobody’s fault as it is', async () => {
    const mine = await token();
    const ended = resolver({ resolveSession: () => Promise.resolve(null) });
    expect(await codeOf(ended.resolve(mine))).toBe('SESSION_ENDED');
    const away = () => Promise.reject(new DomainError('SERVICE_UNAVAILABLE'));
    expect(await codeOf(resolver({ resolveSession: away }).resolve(mine))).toBe('SERVICE_UNAVAILABLE');
    expect(await codeOf(resolver({ signingKeys: away }).resolve(mine))).toBe('SERVICE_UNAVAILABLE');
    const bug = new TypeError('a bug');
    expect(await codeOf(resolver({ resolveSession: () => Promise.reject(bug) }).resolve(mine))).toBe(bug);
  });

  it('keeps two of one process apart', async () => {
    const other: Actor = { ...actor, role: 'ADMIN' };
    const [first, second] = [resolver(), resolver({ resolveSession: () => Promise.resolve(other) })];
    const mine = await token();
    expect([await first.resolve(mine), await second.resolve(mine), await first.resolve(mine)]).toEqual([
      actor,
      other,
      actor,
    ]);
  });
});
