import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DomainError, type Actor } from '@infinibay/contracts';
import { SESSION_GRACE_MS, SessionCache } from './session-cache.js';
import { SigningKeyCache } from './signing-key-cache.js';

const actor: Actor = { userId: randomUUID(), sessionId: randomUUID(), role: 'USER', departmentIds: [] };
const claims = { userId: actor.userId, sessionId: actor.sessionId };

/** A source whose answers the spec decides, on a clock of the spec's own. */
const source = () => {
  const state = { now: 0, asked: 0, answer: (): Promise<Actor | null> => Promise.resolve(actor) };
  const cache = new SessionCache(
    () => {
      state.asked += 1;
      return state.answer();
    },
    undefined,
    () => state.now,
  );
  return { state, cache };
};
const away = () => Promise.reject(new DomainError('SERVICE_UNAVAILABLE'));

describe(SessionCache, () => {
  it('asks once in two seconds, however many ask', async () => {
    const { state, cache } = source();
    await Promise.all(Array.from({ length: 50 }, () => cache.actorOf(claims)));
    expect(state.asked).toBe(1);
    state.now = 2_001;
    await cache.actorOf(claims);
    expect(state.asked).toBe(2);
  });

  it('lets an open session go on for 30 s while nobody answers, and not longer', async () => {
    const { state, cache } = source();
    expect(cache.confirmedAt(claims)).toBeUndefined();
    await cache.actorOf(claims);
    state.answer = away;
    for (state.now = 3_000; state.now <= SESSION_GRACE_MS; state.now += 3_000)
      await expect(cache.actorOf(claims)).resolves.toEqual(actor);
    expect(cache.confirmedAt(claims)).toBe(0);
    state.now = SESSION_GRACE_MS + 2_001;
    await expect(cache.actorOf(claims)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('never opens a session that was closed or not known, and ends one at once that is answered as closed', async () => {
    const { state, cache } = source();
    state.answer = away;
    await expect(cache.actorOf(claims)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    state.answer = () => Promise.resolve(null);
    await expect(cache.actorOf(claims)).resolves.toBeNull();
    state.now = 3_000;
    state.answer = away;
    await expect(cache.actorOf(claims)).resolves.toBeNull();
  });

  it('asks again for who is forgotten, in the place of a question that is under way as well, and for nobody else', async () => {
    const { state, cache } = source();
    const other = { userId: randomUUID(), sessionId: randomUUID() };
    const changed: Actor = { ...actor, departmentIds: [randomUUID()] };
    await cache.actorOf(other);
    const { promise: held, resolve } = Promise.withResolvers<Actor | null>();
    state.answer = () => held;
    const asking = cache.actorOf(claims);
    cache.forget(claims.userId);
    state.answer = () => Promise.resolve(changed);
    resolve(actor);
    await expect(asking).resolves.toEqual(changed);
    await expect(cache.actorOf(claims)).resolves.toEqual(changed);
    await cache.actorOf(other);
    expect(state.asked).toBe(3);
    cache.forget(claims.userId);
    expect(cache.confirmedAt(claims)).toBeUndefined();
    state.answer = away;
    await expect(cache.actorOf(claims)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('answers each question with its answer, however slow users is and whoever asks meanwhile, and goes by the last', async () => {
    const { state, cache } = source();
    const changed: Actor = { ...actor, departmentIds: [randomUUID()] };
    const held = [0, 1, 2].map(() => Promise.withResolvers<Actor | null>());
    state.answer = () => held[state.asked - 1]?.promise ?? Promise.resolve(null);
    const asking = held.map((_, index) => {
      state.now = index * 3_000;
      return cache.actorOf(claims);
    });
    held[0]?.resolve(actor);
    await expect(asking[0]).resolves.toEqual(actor);
    held[2]?.resolve(changed);
    await expect(asking[2]).resolves.toEqual(changed);
    held[1]?.resolve(actor);
    await expect(asking[1]).resolves.toEqual(changed);
    expect([cache.confirmedAt(claims), state.asked]).toEqual([6_000, 3]);
  });

  it('does not answer one user with the session of another', async () => {
    const { state, cache } = source();
    await cache.actorOf(claims);
    state.answer = () => Promise.resolve(null);
    await expect(cache.actorOf({ ...claims, userId: randomUUID() })).resolves.toBeNull();
  });
});

describe(SigningKeyCache, () => {
  const set = (kid: string) => ({ keys: [{ kty: 'OKP', kid }] });

  it('answers known keys at once while an invented key id has them asked for, even when that fails', async () => {
    let asked = 0;
    let now = 0;
    let hanging: (() => void) | undefined;
    const cache = new SigningKeyCache(
      () => {
        asked += 1;
        if (asked === 1) return Promise.resolve(set('k1'));
        return new Promise((_resolve, reject) => {
          hanging = () => {
            reject(new DomainError('INVALID_INPUT'));
          };
        });
      },
      () => now,
    );
    await cache.keysFor('k1');
    now = 6_000;
    const stranger = cache.keysFor('invented');
    await expect(cache.keysFor('k1')).resolves.toEqual(set('k1'));
    hanging?.();
    await expect(stranger).resolves.toEqual(set('k1'));
    for (let index = 0; index < 100; index += 1) await cache.keysFor(`invented-${index}`);
    expect(asked).toBe(2);
  });

  it('learns of rotated keys', async () => {
    let asked = 0;
    let now = 0;
    const cache = new SigningKeyCache(
      () => Promise.resolve(set(`k${(asked += 1)}`)),
      () => now,
    );
    await cache.keysFor('k1');
    now = 6_000;
    await expect(cache.keysFor('k2')).resolves.toEqual(set('k2'));
  });
});
